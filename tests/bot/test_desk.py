from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.assembly import Assembled
from bot.changes import Change, MacroDefined, MacroRemoved, PersonForgotten, Released, SettingChanged
from bot.chat.line import ChatLine
from bot.desk import MOST_MACROS
from config.levels import Level

Say = Callable[..., ChatLine]
Build = Callable[..., Assembled]
World = Any  # that of conftest.py


class Chat:
    """One bot, one moderator, and what the bot answers."""

    def __init__(self, parts: Assembled, world: World, say: Say) -> None:
        self.parts = parts
        self.world = world
        self.say = say

    def hear(self, text: str, user: str = "ada", now: float = 0.0) -> str:
        """What is answered to this line, or nothing."""
        self.world.said.clear()
        self.parts.flow.handle([self.say(text, user)], now)
        return self.world.said[-1][0] if self.world.said else ""

    def order(self, text: str, now: float = 0.0) -> str:
        """The same from a moderator."""
        self.world.said.clear()
        line = replace(self.say(text, "mo"), level=Level.MODERATOR)
        self.parts.flow.handle([line], now)
        return self.world.said[-1][0] if self.world.said else ""

    @property
    def changes(self) -> list[Change]:
        return self.world.changes  # type: ignore[no-any-return]


@pytest.fixture
def chat(build: Build, world: World, say: Say) -> Chat:
    return Chat(build(), world, say)


def test_controls_macros_and_games_are_listed(chat: Chat) -> None:
    chat.order("!macro add mash(b,n) [<b>34ms #34ms]*<n>")
    assert "lup" in chat.hear("!controls")
    assert "#mash(b,n)" in chat.hear("!macro", "mo") or "#mash(b,n)" in chat.order("!macro")
    assert chat.order("!game").startswith("Games: ")


def test_the_mode_is_told_with_what_goes_on(chat: Chat) -> None:
    assert chat.hear("!mode").startswith("The mode is anarchy.")
    chat.order("!mode set democracy")
    assert "A moderator holds it." in chat.hear("!mode", now=60_000)


def test_the_figures_are_one_line(chat: Chat) -> None:
    chat.hear("a")
    assert chat.order("!stats").startswith("2 lines, 1 inputs, 0 played")


def test_a_lock_holds_until_it_is_opened_and_is_remembered_by_its_words(chat: Chat) -> None:
    assert chat.order("!lock a lup") == "Locked: a lup."
    assert chat.changes[-1] == SettingChanged("locked", "a lup")
    chat.hear("a")
    chat.hear("b")
    assert len(chat.world.submitted) == 1
    assert chat.order("!unlock a") == "Still locked: lup."
    assert chat.order("!unlock") == "Nothing is locked."
    assert chat.changes[-1] == SettingChanged("locked", None)


def test_what_the_page_locks_no_moderator_opens(build: Build, world: World, say: Say) -> None:
    chat = Chat(build(game="title: T\ncontroller: nes\nlocked: [start]\n"), world, say)
    assert chat.order("!unlock start") == "Still locked: start. The game's page keeps locked: start."
    assert chat.order("!lock a") == "Locked: a start."
    assert chat.changes[-1] == SettingChanged("locked", "a")


def test_one_word_is_taken_from_one_person_for_a_while(chat: Chat) -> None:
    chat.hear("hello", "kim")
    assert chat.order("!restrict @Kim a 30m") == "Kim may use no a for 30m."
    chat.hear("a", "kim")
    chat.hear("b", "kim")
    chat.hear("a", "ada")
    assert len(chat.world.submitted) == 2
    chat.hear("a", "kim", now=30 * 60_000 + 1)
    assert len(chat.world.submitted) == 3


def test_who_is_silenced_has_nothing_held_any_more_and_no_vote(chat: Chat) -> None:
    chat.hear("a5s", "kim")
    assert chat.order("!silence kim") == "Kim may use nothing until released."
    assert chat.world.cancelled == [(1,)]
    assert chat.hear("!join", "kim") == ""
    assert chat.order("!release kim") == "Kim may use everything again."
    assert chat.changes[-1] == Released("kim")
    assert chat.order("!release kim") == "Nothing is forbidden to Kim."


def test_nobody_is_restricted_who_never_wrote_and_no_moderator(chat: Chat) -> None:
    assert chat.order("!silence stranger") == "Nobody called stranger has written here."
    assert "is a moderator" in chat.order("!silence mo")


def test_a_macro_that_can_be_no_input_is_refused_with_the_reason(chat: Chat) -> None:
    answer = chat.order("!macro add bad banana500ms")
    assert answer.startswith("Not kept: #bad ")
    assert not any(isinstance(change, MacroDefined) for change in chat.changes)


def test_a_macro_is_kept_played_and_removed(chat: Chat) -> None:
    chat.order("!macro add hop a b")
    chat.hear("#hop")
    assert len(chat.world.submitted[-1]) == 4
    assert chat.order("!macro remove hop") == "Removed: #hop."
    assert chat.changes[-1] == MacroRemoved("hop")
    assert chat.order("!macro remove hop") == "There is no macro #hop."


def test_there_are_not_endless_macros(chat: Chat) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for place in range(MOST_MACROS):
        chat.order(f"!macro add m{letters[place // 26]}{letters[place % 26]} a", now=place * 60_000)
    assert chat.order("!macro add onemore a", now=1e9).startswith(f"There are {MOST_MACROS} macros already")


def test_a_viewer_is_told_what_is_stored_and_can_have_it_deleted(chat: Chat) -> None:
    chat.hear("a")
    assert chat.hear("!me").startswith("Stored about you: your names, 1 inputs, 0 of them played")
    chat.hear("!forget")
    assert chat.changes[-1] == PersonForgotten("ada", opted_out=True)
    assert chat.hear("!me", now=60_000).startswith("Nothing was stored about you, as you wished.")
    assert chat.changes[-1] == PersonForgotten("ada", opted_out=False)


def test_a_pause_lets_go_of_everything_and_is_remembered(chat: Chat) -> None:
    chat.hear("a5s")
    chat.order("!pause")
    assert chat.world.cancelled == [()]
    assert SettingChanged("paused", "yes") in chat.changes
    chat.order("!resume")
    assert chat.changes[-1] == SettingChanged("paused", None)


def test_a_vote_for_a_mode_is_answered(build: Build, world: World, say: Say) -> None:
    chat = Chat(build(modes={"vote": {"enabled": True}}), world, say)
    assert "Your vote for democracy counts" in chat.hear("!vote democracy")
    assert "not up for a vote" in Chat(build(), world, say).hear("!vote democracy")


def test_the_mode_can_be_let_go_of(chat: Chat) -> None:
    chat.order("!mode set turns")
    assert chat.order("!mode auto").startswith("Nobody holds the mode.")
