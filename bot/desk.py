"""Does what commands ask for: the one place where moderators' words reach every part of the bot. Pure, but
for the pages of games, which the `Library` behind it reads from files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from bot.changes import Change, MacroDefined, MacroRemoved, SettingChanged
from bot.commands.durations import spoken
from bot.game.lexicon import Lexicon
from bot.grammar import Macro, check_macro
from bot.modes.council import Council
from bot.observer import BotStats
from bot.recall import Recall
from bot.viewers.locks import Locks
from bot.viewers.people import People
from bot.viewers.restrictions import EVERY_WORD, Restrictions
from config.levels import Level

# More than a channel has running jokes; each may be 500 characters, so this is 100 kB at most.
MOST_MACROS: Final = 200


class Library(Protocol):
    """The games' pages. What it answers are sentences; the new game reaches the bot by itself."""

    def names(self) -> tuple[str, ...]:
        """The games there are; the one in force first, if any is."""

    def switch(self, name: str, now: float) -> str:
        """Another game, or why not."""

    def reload(self, now: float) -> str:
        """The same game, read anew; or what is wrong with its page, and that the old one stays."""


class Company(NamedTuple):
    """All that a desk sits in front of."""

    lexicon: Lexicon
    council: Council
    recall: Recall
    people: People
    restrictions: Restrictions
    locks: Locks
    library: Library


class BotDesk:
    """The desk of bot.commands, in front of a running bot.

    stats      the bot's figures, when they are asked for
    on_change  told of what must be known after a restart
    """

    def __init__(
        self, company: Company, stats: Callable[[], BotStats], on_change: Callable[[Change], None]
    ) -> None:
        self._of = company
        self._stats = stats
        self._on_change = on_change

    # What there is

    def controls(self) -> tuple[str, ...]:
        return tuple(self._of.lexicon.language.controller.words)

    def macros(self) -> tuple[str, ...]:
        return tuple(_call(macro) for macro in self._of.lexicon.macros.values())

    def games(self) -> tuple[str, ...]:
        return self._of.library.names()

    def mode_sentence(self, now: float) -> str:
        view = self._of.council.view(now)
        held = " A moderator holds it." if view.pinned else ""
        return f"The mode is {view.mode}. {view.headline}{held}"

    def stats(self, now: float) -> str:
        figures = self._stats()
        return (
            f"{figures.lines} lines, {figures.commands} inputs, {figures.applied} played, "
            f"{figures.stale + figures.late} late, {figures.lost} lost, {figures.refused} mistyped, "
            f"{figures.waiting} waiting; {len(self._of.people)} people known."
        )

    # For viewers

    def vote(self, user: str, mode: str, now: float) -> str:
        return self._of.council.vote(user, mode, now)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        return self._of.council.join(user, name, team, now)

    def me(self, user: str, now: float) -> str:
        people = self._of.people
        if people.has_opted_out(user):
            people.welcome(user)
            return (
                "Nothing was stored about you, as you wished. From your next line on you are counted again."
            )
        person = people.me(user)
        if person is None:
            return "Nothing is stored about you."
        known = "" if person.is_whole else " since the bot was started"
        here = spoken(now - person.first_ms)
        return (
            f"Stored about you: your names, {person.commands} inputs, {person.played} of them played{known}, "
            f"first seen {here} ago, last seen now. !forget deletes it."
        )

    def forget(self, user: str, now: float) -> str:
        self._of.people.forget(user)
        return "All of it is deleted, and nothing will be stored until you type !me. You can play as before."

    # For moderators

    def pause(self, now: float) -> str:
        sentence = self._of.council.pause(now)
        self._of.recall.everything()
        return sentence

    def resume(self, now: float) -> str:
        return self._of.council.resume(now)

    def neutral(self, now: float) -> str:
        self._of.recall.everything()
        return f"Everything is taken back: all pads go to rest. {self._of.council.warning}".rstrip()

    def lock(self, words: tuple[str, ...], now: float) -> str:
        self._of.recall.moves(self._of.locks.lock(words), now)
        self._remember_locks()
        return f"Locked: {' '.join(self._locked())}. {self._of.council.warning}".rstrip()

    def unlock(self, words: tuple[str, ...]) -> str:
        left = self._of.locks.unlock(words or None)
        self._remember_locks()
        locked = self._locked()
        by_page = f" The game's page keeps locked: {' '.join(self._of.locks.spelled(left))}." if left else ""
        return (f"Still locked: {' '.join(locked)}." if locked else "Nothing is locked.") + by_page

    def set_mode(self, mode: str, now: float) -> str:
        return self._of.council.set_mode(mode, now)

    def auto_mode(self, now: float) -> str:
        return self._of.council.unpin(now)

    def restrict(self, name: str, word: str, lasts_ms: int | None, now: float) -> str:
        return self._restrict(name, word, lasts_ms, now)

    def silence(self, name: str, lasts_ms: int | None, now: float) -> str:
        return self._restrict(name, EVERY_WORD, lasts_ms, now)

    def release(self, name: str, now: float) -> str:
        person = self._of.people.find(name)
        if person is None:
            return _unknown(name)
        if not self._of.restrictions.release(person.user):
            return f"Nothing is forbidden to {person.name}."
        return f"{person.name} may use everything again."

    def define_macro(self, name: str, parameters: tuple[str, ...], body: str) -> str:
        lexicon = self._of.lexicon
        macro = Macro(name, parameters, body)
        wrong = check_macro(macro, lexicon.language)
        if wrong is not None:
            return f"Not kept: {wrong}."
        if name not in lexicon.own_macros and len(lexicon.own_macros) >= MOST_MACROS:
            return f"There are {MOST_MACROS} macros already; remove one first."
        before = lexicon.macros.get(name)
        lexicon.define(macro)
        self._on_change(MacroDefined(name, parameters, body))
        instead = "" if before is None or before == macro else f" (instead of {before.body})"
        return f"Kept: {_call(macro)} is {body}{instead}"

    def remove_macro(self, name: str) -> str:
        lexicon = self._of.lexicon
        if not lexicon.remove(name):
            kept = " of moderators; the game's page has one" if name in lexicon.macros else ""
            return f"There is no macro #{name}{kept}."
        self._on_change(MacroRemoved(name))
        return f"Removed: #{name}."

    def set_game(self, name: str, now: float) -> str:
        return self._of.library.switch(name, now)

    def reload(self, now: float) -> str:
        return self._of.library.reload(now)

    def _restrict(self, name: str, word: str, lasts_ms: int | None, now: float) -> str:
        person = self._of.people.find(name)
        if person is None:
            return _unknown(name)
        if person.level >= Level.MODERATOR:
            return f"{person.name} is a moderator, and would only take it back."
        until_ms = None if lasts_ms is None else now + lasts_ms
        if not self._of.restrictions.restrict(person.user, word, until_ms):
            return "Too many people are restricted already; release some first."
        words = self._of.lexicon.game.controller.words
        what = "nothing" if word == EVERY_WORD else f"no {word}"
        if word == EVERY_WORD:
            self._of.recall.user(person.user, now)
        elif word in words:
            self._of.recall.word(person.user, frozenset(words[word].moves), now)
        until = "until released" if lasts_ms is None else f"for {spoken(lasts_ms)}"
        return f"{person.name} may use {what} {until}."

    def _locked(self) -> list[str]:
        return self._of.locks.spelled(self._of.locks.moves)

    def _remember_locks(self) -> None:
        """The game's own locks are in its page."""
        self._on_change(SettingChanged("locked", " ".join(sorted(self._of.locks.words)) or None))


def _call(macro: Macro) -> str:
    return f"#{macro.name}({','.join(macro.parameters)})" if macro.parameters else f"#{macro.name}"


def _unknown(name: str) -> str:
    return f"Nobody called {name} has written here."
