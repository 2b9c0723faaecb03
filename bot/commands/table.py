"""Every command, one row each: what is typed, what it does, who does it. Help and docs/commands.md say what
stands here."""

from __future__ import annotations

from typing import Final

from bot.commands import macros, people, playing, viewers
from bot.commands.request import Command

COMMANDS: Final = (
    Command("help", "[COMMAND]", "What there is, or how one command is used.", viewers.help, shared=True),
    Command("controls", "", "The words that press something.", viewers.controls, shared=True),
    Command("mode", "", "Who decides at present.", viewers.mode, shared=True),
    Command("vote", "anarchy|democracy", "Says which mode you want.", viewers.vote),
    Command("join", "[TEAM]", "Puts you into a team, or in line for a turn.", viewers.join),
    Command("me", "", "Tells what is stored about you.", viewers.me),
    Command("forget", "", "Deletes what is stored about you.", viewers.forget),
    Command("pause", "", "Holds everything: nothing is played.", playing.pause),
    Command("resume", "", "Lets inputs play again.", playing.resume),
    Command("neutral", "", "Takes everything back: all pads at rest, now.", playing.neutral),
    Command("lock", "WORD ...", "Nobody may use these words.", playing.lock),
    Command("unlock", "[WORD ...]", "Gives words back; without one, all of them.", playing.unlock),
    Command("mode set", "NAME", "Sets the mode and keeps it.", playing.set_mode, right="mode_set"),
    Command("mode auto", "", "Lets chat move the mode again.", playing.auto_mode, right="mode_set"),
    Command("restrict", "NAME WORD [TIME]", "Takes one word from one person.", people.restrict),
    Command("silence", "NAME [TIME]", "Takes all words from one person.", people.silence),
    Command("release", "NAME", "Gives all words back to that person.", people.release),
    Command("macro", "", "The macros there are.", macros.listing),
    Command(
        "macro add", "NAME(A,B) INPUT", "Makes a macro, or makes it anew.", macros.add, right="macro_add"
    ),
    Command("macro remove", "NAME", "Takes a macro away.", macros.remove, right="macro_add"),
    Command("game", "[NAME]", "Changes the game; without a name, lists them.", playing.game),
    Command("reload", "", "Reads the files again.", playing.reload),
    Command("stats", "", "The bot's figures.", playing.stats),
)
