r"""Reads a line: words between blanks, groups in brackets, macros. What comes out is flat, and bounded.

    line  = item *( blank item )
    item  = word / group / macro
    group = "[" line "]" [ "*" times ]
    macro = "#" name [ "(" argument *( "," argument ) ")" ] [ "*" times ]

However deep it is nested, a line never holds more than MOST_PARTS parts: what would is refused where it
would, before it is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.language.calls import MOST_DEPTH, Budget, expanded, find_call
from bot.language.chords import Chord
from bot.language.errors import MisreadError, quoted
from bot.language.language import Language
from bot.language.words import Reading, read_times, read_word

# Presses, waits and lettings-go, repeats counted. 64 frames are 32 presses; even with a wait before and a
# letting-go behind each, that leaves room to spare.
MOST_PARTS: Final = 256
# Nobody reads more brackets than these, in chat least of all.
MOST_NESTED: Final = 4

_WORD: Final = re.compile(
    r"""(?=\S) (\[*)                                       # brackets that open
        ((?: \#[a-z]+\([^()]*\) | \# | [^\s\]\#]+ )*)      # a word; a macro's arguments may have blanks
        ((?: \][^\s\]]* )*)                                # brackets that close, with their repeats""",
    re.VERBOSE,
)


class Word(NamedTuple):
    """A word with the brackets around it, and where it begins."""

    at: int
    opening: int
    body: str
    closing: str

    @property
    def text(self) -> str:
        """All of it."""
        return "[" * self.opening + self.body + self.closing


def split(text: str) -> Iterator[Word]:
    """The words of `text`, in order."""
    for found in _WORD.finditer(text):
        yield Word(found.start(), len(found[1]), found[2], found[3])


class Line:
    """Collects the chords of one line, or of one macro's body.

    Take all its words, then `finish`. Whichever call raises MisreadError, the rest may still be taken, to see
    what kind of words they are; what `finish` would then give is of no use.
    """

    def __init__(self, language: Language, budget: Budget | None = None, depth: int = 0) -> None:
        self._language = language
        self._budget = budget or Budget()
        self._depth = depth
        self._groups: list[_Group] = [_Group(0, [])]

    def take(self, word: Word) -> bool:
        """Adds a word; whether it was a measured one. Raises MisreadError."""
        at = word.at
        for _ in range(word.opening):
            if len(self._groups) > MOST_NESTED:
                raise MisreadError(at, f"groups nest at most {MOST_NESTED} deep")
            self._groups.append(_Group(at, []))
            at += 1
        measured = False
        if word.body:
            reading = self._read(word.body, at)
            self._add(reading.chords, 1, at)
            measured = reading.measured
        return self._close(word.closing, at + len(word.body)) or measured

    def finish(self) -> list[Chord]:
        """All of it. Raises MisreadError if a group is still open."""
        if len(self._groups) > 1:
            raise MisreadError(self._groups[-1].at, "this [ has no ]")
        return self._groups[0].chords

    def _read(self, body: str, at: int) -> Reading:
        call = find_call(body) if body[0] == "#" else None
        if call is None:
            return read_word(body, at, self._language)
        text = expanded(call, self._language.macros, at)
        if self._depth == MOST_DEPTH:
            raise MisreadError(at, f"macros call one another at most {MOST_DEPTH} deep")
        self._budget.spend(text, at)
        times, end = 1, call.end
        if body[end : end + 1] == "*":
            times, end = read_times(body, end, at)
        if end < len(body):
            raise MisreadError(at + end, f"a blank is missing before {quoted(body[end:])}")
        chords = self._expansion(call.name, text, at)
        self._check_room(chords, times, at)
        return Reading(chords * times, measured=call.has_brackets or times > 1)

    def _expansion(self, name: str, text: str, at: int) -> list[Chord]:
        """The chords of a macro's body, all of them at the place of its call."""
        line = Line(self._language, self._budget, self._depth + 1)
        try:
            for word in split(text):
                line.take(word)
            chords = line.finish()
        except MisreadError as error:
            where = "" if self._depth else f"in #{name}: "
            raise MisreadError(at, where + error.error, unknown=error.unknown) from error
        return [tuple([part._replace(at=at) for part in chord]) for chord in chords]

    def _close(self, closing: str, at: int) -> bool:
        """Ends groups at `]`, `]*6` and so on; whether one of them repeats."""
        repeats = False
        place = 0
        while place < len(closing):
            if len(self._groups) == 1:
                raise MisreadError(at + place, "this ] has no [", meant=False)
            begin, place, times = place, place + 1, 1
            if closing[place : place + 1] == "*":
                times, place = read_times(closing, place, at)
                repeats = True
            if place < len(closing) and closing[place] != "]":
                error = f"a blank is missing before {quoted(closing[place:])}"
                raise MisreadError(at + place, error, meant=repeats)
            group = self._groups.pop()
            self._add(group.chords, times, at + begin)
        return repeats

    def _add(self, chords: list[Chord], times: int, at: int) -> None:
        parts = self._check_room(chords, times, at)
        self._groups[-1].chords.extend(chords * times)
        self._groups[-1].parts += parts

    def _check_room(self, chords: list[Chord], times: int, at: int) -> int:
        """How many parts these are. Raises MisreadError if there is no room for them."""
        parts = sum(map(len, chords)) * times
        if self._groups[-1].parts + parts > MOST_PARTS:
            raise MisreadError(at, f"a line has at most {MOST_PARTS} inputs and waits, repeats included")
        return parts


@dataclass(slots=True)
class _Group:
    at: int
    chords: list[Chord]
    parts: int = 0
