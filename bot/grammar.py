"""A chat line and a controller in; a timed sequence out, or an error that points at a character, or talk.

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
from dataclasses import dataclass
from typing import Final

from bot.lexer import Chord, MisreadError, known_name, quoted, read_chord
from bot.sequence import Step, schedule
from config.controllers import Controller

__all__ = ["TALK", "Parsed", "Refused", "Step", "Talk", "parse"]

# Twitch's own limit for a message. It bounds all work below, which is linear in the text.
LONGEST_TEXT: Final = 500

_WORD: Final = re.compile(r"\S+")
_AFTER_NAME: Final = frozenset("0123456789%+")
_LONELY: Final = re.compile(r"\+.*|[0-9.]{1,9}(?:%|ms|s)")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the line asks for. At its end every control it touched is at zero again."""

    steps: tuple[Step, ...]

    @property
    def duration_ms(self) -> int:
        """From the first press to the last release."""
        return self.steps[-1].at_ms


@dataclass(frozen=True, slots=True)
class Refused:
    """The line was meant as input, but is none: why, and at which character, counted from 1."""

    at: int
    error: str


@dataclass(frozen=True, slots=True)
class Talk:
    """The line is ordinary talk, and none of our business."""


TALK: Final = Talk()


def parse(text: str, controller: Controller) -> Parsed | Refused | Talk:
    """What the normalised line `text` asks of `controller`. Never raises; linear in the text."""
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
        return Parsed(schedule(chords, controller))
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
