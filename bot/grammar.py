"""A chat line and a language in; a timed sequence out, or an error that points at a character, or talk.

The language, by example, is in docs/chat.md. One word of it is read in bot.lexer; bot.sequence adds time.

When is a line that does not parse a mistake worth naming, and when is it talk? Most chat is talk, and
begins with `a`, `up` or `start` often enough. So each word of a line is one of three:

    input     it parses: `a`, `right2s`, `a+b`
    slip      it does not, but its begin gives it away: an input's name directly followed by a digit, % or +
              (`a500q`, `lup70`); or, later in the line, a quantity or a + by itself (`a 500ms`, `a + b`)
    stranger  anything else

    first word a stranger                                      talk      `hello a`
    only inputs                                                parsed    or refused, if over a limit
    inputs and slips                                           refused   `a500q`, `a b500q`
    a stranger after an input that has a number or a +         refused   `a500ms lol`
    any other stranger                                         talk      `start the game`, `b2b wins`

Text and places are those of the normalised line (bot.text).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from bot.lexer import Chord, MisreadError, known_name, quoted, read_chord
from bot.sequence import Step, schedule
from config.controllers import Controller, Move

__all__ = ["TALK", "Language", "Macro", "Parsed", "Refused", "Step", "Talk", "parse"]

# Twitch's own limit for a message. It bounds all work below, which is linear in the text.
LONGEST_TEXT: Final = 500

_WORD: Final = re.compile(r"\S+")
_AFTER_NAME: Final = frozenset("0123456789%+")
_LONELY: Final = re.compile(r"\+.*|[0-9.]{1,9}(?:%|ms|s)")


class Macro(NamedTuple):
    """A line with a name: `mash`, parameters `b` and `n`, body `[<b>34ms #34ms]*<n>`."""

    name: str
    parameters: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """What lines are read with. Compared by identity: a change makes a new one, and caches notice.

    controller  that of the game in force: its words, limits and forbidden combinations
    macros      by name, without the #
    pads        how many there are; a line may name any of them
    first_word  only the first word of a line is read: `a lol` is an input
    """

    controller: Controller
    macros: Mapping[str, Macro] = field(default_factory=dict)
    pads: int = 1
    first_word: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the line asks for. At its end every control it touched is at zero again.

    Compared by its steps alone: what does the same is the same, however it was written.

    steps  in order of time; the first millisecond of the line is 0
    text   the line as this language prints it; parsed again, it does the same
    """

    steps: tuple[Step, ...]
    text: str = field(compare=False)
    chords: tuple[Chord, ...] = field(default=(), compare=False, repr=False)
    controller: Controller | None = field(default=None, compare=False, repr=False)

    @property
    def duration_ms(self) -> int:
        """From the line's begin to its last release."""
        return self.steps[-1].at_ms

    @property
    def moves(self) -> frozenset[Move]:
        """Everything it presses, and which way."""
        return frozenset((step.control, 1 if step.value > 0 else -1) for step in self.steps if step.value)

    @property
    def pads(self) -> frozenset[int]:
        """The pads it plays on."""
        return frozenset(step.pad for step in self.steps)

    def at_pace(self, press_ms: int) -> Parsed:
        """The same, with another length for the presses that named none; the nearest within the limits."""
        if self.controller is None or all(press.duration_ms for chord in self.chords for press in chord):
            return self
        press_ms = max(1, min(press_ms, self.controller.longest_press_ms))
        fitting = bisect_right(range(1, press_ms + 1), False, key=self._breaks_a_limit)
        return self._timed(self.chords, max(fitting, 1))

    def on_pad(self, pad: int) -> Parsed:
        """The same, all of it on one pad."""
        if self.controller is None:
            return Parsed(tuple(step._replace(pad=pad) for step in self.steps), self.text)
        chords = tuple(tuple(press._replace(pad=pad) for press in chord) for chord in self.chords)
        return self._timed(chords, self.controller.default_ms)

    def _timed(self, chords: tuple[Chord, ...], press_ms: int) -> Parsed:
        assert self.controller is not None, "a line made by hand has no chords to time"
        return Parsed(schedule(chords, self.controller, press_ms), self.text, chords, self.controller)

    def _breaks_a_limit(self, press_ms: int) -> bool:
        try:
            self._timed(self.chords, press_ms)
        except MisreadError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Refused:
    """The line was meant as input, but is none: why, and at which character, counted from 1."""

    at: int
    error: str


@dataclass(frozen=True, slots=True)
class Talk:
    """The line is ordinary talk, and none of our business."""


TALK: Final = Talk()


def parse(text: str, language: Language) -> Parsed | Refused | Talk:
    """What the normalised line `text` asks for. Never raises; linear in the text."""
    controller = language.controller
    if len(text) > LONGEST_TEXT:
        return TALK
    chords: list[Chord] = []
    problem: MisreadError | None = None
    measured = False
    for found in _WORD.finditer(text):
        word = found[0]
        try:
            chord = read_chord(word, found.start(), controller)
        except MisreadError as error:
            slip = _slip(found, error, not chords and problem is None, controller)
            if slip is None and not measured:
                return TALK
            problem = problem or slip or error
        else:
            chords.append(chord)
            measured = measured or word != chord[0].word
    if problem is not None:
        return Refused(problem.at + 1, problem.error)
    return _timed(chords, controller)


def _timed(chords: list[Chord], controller: Controller) -> Parsed | Refused | Talk:
    if not chords:
        return TALK
    try:
        text = " ".join("+".join(press.word for press in chord) for chord in chords)
        return Parsed(schedule(chords, controller), text, tuple(chords), controller)
    except MisreadError as error:
        return Refused(error.at + 1, error.error)


def _slip(
    found: re.Match[str], error: MisreadError, is_first: bool, controller: Controller
) -> MisreadError | None:
    """The error to show for a word that is no input but was meant as one; None for a stranger."""
    word = found[0]
    name = known_name(word, controller)
    if name and word[len(name)] in _AFTER_NAME:
        return error
    if not is_first and _LONELY.fullmatch(word):
        return MisreadError(found.start(), f"no blank before {quoted(word)}; write a500ms, lup70%, a+b")
    return None
