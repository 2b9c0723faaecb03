"""Tells inputs from mistakes, and both from talk.

When is a line that does not parse a mistake worth naming, and when is it talk? Most chat is talk, and
begins with `a`, `up` or `start` often enough. So each word of a line is one of three:

    input     it parses: `a`, `right2s`, `a+b`, `_b`, `[a`, `b]*3`
    slip      it does not, but shows that an input was meant: a name with a number that has a unit or two
              digits (`lup700%`, `a500q`), two names and a + (`a+b+q`), a name that is nearly right in such
              company (`rigt500ms`, `a+rigt`); or, later in the line, a quantity, a + or a * by itself
              (`a 500ms`, `a + b`, `a *3`)
    stranger  anything else: `lol`, `a!`, `b4u`, `l+ratio`, `#hype`, `-1`, `:)`

    first word a stranger                                      talk      `hello a`
    only inputs, but nothing pressed                           talk      `...`, `. .`, `#1s`, `-b`
    only inputs                                                parsed    or refused, if over a limit
    inputs and slips                                           refused   `a500q`, `a b500q`
    a stranger after an input with a unit, a + or a *N         refused   `a500ms lol`
    any other stranger                                         talk      `start the game`, `b2b wins`

Text and places are those of the normalised line (bot.text).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.language.calls import find_call
from bot.language.chords import Chord, Kind
from bot.language.errors import MisreadError, quoted
from bot.language.language import Language
from bot.language.lines import Line, Word, split
from bot.language.parsed import Parsed, Score, play
from bot.language.together import settled
from bot.language.vocabulary import nearest, vocabulary_of

# It bounds all work below. A chat message has 500 characters at most; the text printed of what one says, with
# a pad and a length at each of 32 presses, can have several times that and shall be readable too.
LONGEST_TEXT: Final = 3_000
# Slip after slip: this is no talk any more, and nobody needs to hear of the ninth.
_MOST_SLIPS: Final = 8

_LONELY: Final = re.compile(r"\+(?:[a-z].*)?|\*[0-9]{1,3}|[0-9.]{1,9}(?:%|ms|s)")


@dataclass(frozen=True, slots=True)
class Refused:
    """The line was meant as input, but is none: why, and at which character, counted from 1."""

    at: int
    error: str


@dataclass(frozen=True, slots=True)
class Talk:
    """The line is ordinary talk, and none of our business."""


TALK: Final = Talk()


_PRESSING: Final = (Kind.PRESS, Kind.HOLD)


def parse(text: str, language: Language) -> Parsed | Refused | Talk:
    """What the normalised line `text` asks for. Never raises; linear in the text."""
    if language.first_word:
        text = text.partition(" ")[0]
    if len(text) > LONGEST_TEXT or not vocabulary_of(language.controller).may_begin(text):
        return TALK
    controller = language.controller
    try:
        chords = _read(text, language)
    except MisreadError as error:
        return Refused(error.at + 1, error.error + _hint(error.unknown, language))
    if not any(part.kind in _PRESSING for chord in chords for part in chord):
        return TALK
    try:
        return play(Score(settled(chords, controller), controller, controller.default_ms))
    except MisreadError as error:
        call = find_call(text[error.at :])
        return Refused(error.at + 1, f"in #{call.name}: {error.error}" if call else error.error)


def _read(text: str, language: Language) -> list[Chord]:
    """The chords of the line, or none for talk. Raises MisreadError for a line that is meant, but wrong."""
    line = Line(language)
    slips: list[MisreadError] = []
    measured = False
    for word in split(text):
        try:
            measured = line.take(word) or measured
        except MisreadError as error:
            slip = _lonely(word) or error
            if not slip.meant and not measured:
                return []
            slips.append(slip)
            if len(slips) == _MOST_SLIPS:
                break
    if slips:
        raise slips[0]
    return line.finish()


def _lonely(word: Word) -> MisreadError | None:
    if _LONELY.fullmatch(word.text):
        return MisreadError(word.at, f"no blank before {quoted(word.text)}; write a500ms, lup70%, a+b, a*3")
    return None


def _hint(unknown: str, language: Language) -> str:
    """What the viewer may have meant by a name that there is not."""
    if unknown.startswith("#"):
        near = nearest(unknown[1:], language.macros)
        return f"; did you mean #{near}?" if near else ""
    near = nearest(unknown, language.controller.words)
    return f"; did you mean {near}?" if near else ""
