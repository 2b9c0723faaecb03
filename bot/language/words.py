"""Reads one word of a line, such as `a`, `right2s`, `lup70%1s`, `_b`, `&2a+right` or `left2down2`, as chords.

    word     = chord [ "*" times ] / chord *( digit chord ) [ digit ] / name in a row
    chord    = part *( "+" part )
    part     = press / hold / let-go / wait
    press    = [ pad ] name [ amount ] [ duration ]
    hold     = "_" press                            ; `_&2b` and `&2_b` are the same
    let-go   = "-" [ pad ] name [ duration ]
    wait     = "." / "#" [ duration ]
    pad      = "&" 1*2 digit / "p" 1*2 digit ":"
    times    = 2 to 99;  digit = 2 to 9

A name is always all the letters there are, so `l s3s` and `ls3 s` cannot be confused, and `ab` is not `a b`.
A digit without a unit says how often, and after it the next name may follow at once: `left2down2`, `a2a`. One
name in a row says the same: `aaa` is `a3`.

Some names end in a digit, as pads label them: `l1`. Their letters alone are then no name (config.words sees
to that), so such a name takes its digit first, whatever follows, and there is no second way to read it:
`l1500ms` is l1 for 500 ms, `l11s` is l1 for a second, `r250%` is r2 at half its way, `l1l1` is l1 twice. Yet
people see a longer number in `l12`, or two buttons, and in `l1s` a second; and one who means l1 twice, or for
a second, sees neither. So both are refused, and told what to write.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from bot.language.chords import Chord, Kind, Part
from bot.language.errors import MisreadError, quoted
from bot.language.language import Language
from bot.language.quantities import Number, amount_of, duration_of, no_number, no_quantity, read_number
from bot.language.vocabulary import nearest, vocabulary_of

MOST_TIMES: Final = 99
# Each part of a chord is compared with the others. More than this are more frames than a line may have.
MOST_TOGETHER: Final = 32

_LETTERS: Final = re.compile(r"[a-z]+")
_PREFIX: Final = re.compile(r"([_-]?)(?:(?:&([0-9]{1,2})|p([0-9]{1,2}):)([_-]?))?")
_TIMES: Final = re.compile(r"\*([0-9]{1,3})(?![0-9.])")
_PIECE: Final = re.compile(r"[^+*]+|.")
_MEASURE: Final = re.compile(r"[0-9](?:%|(?:ms|s)(?![a-z]))")
_REPEAT_DIGITS: Final = frozenset("23456789")
_TWO_DIGITS: Final = re.compile(r"[0-9]{2}")
# A unit without its number, or with half of it.
_UNIT_ALONE: Final = re.compile(r"(?:\.[0-9]+)?(?:%|ms|s)(?![a-z])")
_SIGNS: Final = {"": Kind.PRESS, "_": Kind.HOLD, "-": Kind.LET_GO}


class Reading(NamedTuple):
    """What a word asks for, and whether it has a number, a + or a pad that talk would hardly have."""

    chords: list[Chord]
    measured: bool


def read_word(word: str, at: int, language: Language) -> Reading:
    """What `word` asks for, which begins at place `at` of its line. Raises MisreadError."""
    action = language.controller.words.get(word)
    if action is not None:  # what most words are
        return Reading([(Part(at, Kind.PRESS, word, action),)], measured=False)
    return _WordReader(word, at, language).read()


def read_times(text: str, place: int, at: int) -> tuple[int, int]:
    """The number of times that `*N` at `place` says, and where it ends. Raises MisreadError."""
    found = _TIMES.match(text, place)
    times = int(found[1]) if found else 0
    if found is None or not 2 <= times <= MOST_TIMES:
        raise MisreadError(at + place, f"a repeat is *2 to *{MOST_TIMES}")
    return times, found.end()


class _WordReader:
    """Goes through one word from left to right.

    place  how far it is read
    begin  where the chord begins that is being read
    times  how often a digit says that this chord is pressed
    named  whether an input was recognised
    """

    def __init__(self, word: str, at: int, language: Language) -> None:
        self.word = word
        self.at = at
        self.language = language
        self.controller = language.controller
        self.vocabulary = vocabulary_of(language.controller)
        self.place = 0
        self.begin = 0
        self.times = 1
        self.named = False
        self.measured = False

    def read(self) -> Reading:
        chords: list[Chord] = []
        while not chords or self.place < len(self.word):
            chord = self._chord()
            chords += [chord] * self.times
        return Reading(chords, self.measured)

    def _chord(self) -> Chord:
        self.begin, self.times = self.place, 1
        parts = [self._part()]
        while self._next() == "+":
            if self.times > 1:
                raise self._error(self.place, "a repeat comes last; write a+b*2")
            self.place += 1
            parts.append(self._part())
            self.measured = True
            if len(parts) > MOST_TOGETHER:
                raise self._error(self.begin, f"at most {MOST_TOGETHER} inputs go together")
        if self._next() == "*":
            self._star()
        return tuple(parts)

    def _star(self) -> None:
        if self.times > 1:
            raise self._error(self.place, "one repeat is enough")
        self.times, self.place = read_times(self.word, self.place, self.at)
        self.measured = True
        if self.place < len(self.word):
            raise self._error(self.place, f"a blank is missing before {quoted(self.word[self.place :])}")

    def _part(self) -> Part:
        begin = self.place
        if self._next() == "#" or self.word[begin : begin + 2] in (".", ".+", ".*"):
            return self._wait()
        kind, pad = self._prefix()
        names_pad = self.place - begin > 1
        name = self._name()
        self.measured = self.measured or names_pad
        if not 1 <= pad <= self.language.pads:
            raise self._error(begin, _no_pad(pad, self.language.pads))
        action = self.controller.words[name]
        amount, duration_ms = self._quantities(kind, analog=action.analog, name=name)
        return Part(self.at + begin, kind, name, action, pad, amount, duration_ms)

    def _wait(self) -> Part:
        begin = self.place
        self.place += 1
        if self.word[begin] == ".":
            return Part(self.at + begin, Kind.WAIT)
        _, duration_ms = self._quantities(Kind.WAIT, analog=False, name="#")
        return Part(self.at + begin, Kind.WAIT, duration_ms=duration_ms)

    def _prefix(self) -> tuple[Kind, int]:
        """What stands before the name: whether it is held, let go of or pressed, and on which pad."""
        found = _PREFIX.match(self.word, self.place)
        if found is None:
            return Kind.PRESS, 1
        before, one_way, other_way, behind = found.groups(default="")
        self.place = found.start(4) if before and behind else found.end()
        return _SIGNS[before or behind], int(one_way or other_way or 1)

    def _name(self) -> str:
        """The name here; or the one that this and all that follows is a row of. Raises MisreadError."""
        row = self.vocabulary.row_at(self.word, self.place) if self.place == self.begin else None
        if row is not None:
            name, self.times = row
            self.place = len(self.word)
        else:
            name = self.vocabulary.name_at(self.word, self.place)
            if not name:
                raise self._unknown()
            self.place += len(name)
        self.named = True
        return name

    def _quantities(self, kind: Kind, *, analog: bool, name: str) -> tuple[float, int | None]:
        """How far and how long, as far as the part says so; also takes a digit that says how often."""
        amount, duration_ms = 1.0, None
        number = self._quantity(
            "%, ms or s" if analog else "ms or s", repeated=name if kind is Kind.PRESS else ""
        )
        if number is not None and number.unit == "%":
            if not analog or kind is Kind.LET_GO:
                raise self._error(number.at, _no_amount(kind, name))
            amount = amount_of(number, self.at + number.at)
            number = self._quantity("ms or s")
            if number is not None and number.unit == "%":
                raise self._error(number.at, "an input has one amount only")
        if number is not None:
            longest_ms, what = self._longest(kind)
            duration_ms = duration_of(number, self.at + number.at, longest_ms, what)
            number = self._quantity("ms or s")
        if number is not None:
            raise self._error(number.at, "an input ends with its duration")
        return amount, duration_ms

    def _quantity(self, units: str, *, repeated: str = "") -> Number | None:
        """The next number with its unit; None at the end of the part.

        repeated  the name that a digit may repeat here, if one may
        """
        if self._next() in ("", "+", "*"):
            return None
        number = read_number(self.word, self.place)
        if number is None:
            raise self._no_number()
        if number.is_quantity:
            self.place, self.measured = number.end, True
            return number
        if repeated and self._is_repeat(number):
            if repeated in self.vocabulary.numbered:
                raise self._error(number.at, f"write {repeated}*{number.digits} to repeat {repeated}")
            self.place, self.times = self.place + 1, int(number.digits)
            return None
        offset, error = no_quantity(number, units)
        # One digit and something odd is how talk abbreviates: b4, y2k. More digits are an attempt.
        raise self._error(self.place + offset, error, meant=len(number.digits) > 1)

    def _no_number(self) -> MisreadError:
        before = self.word[self.place - 1]
        unit = _UNIT_ALONE.match(self.word, self.place)
        if unit is not None and before.isdecimal():
            error = f"{quoted(unit[0])} needs a number of its own; the {before} is part of the name"
            return self._error(self.place, error)
        meant = _TWO_DIGITS.match(self.word, self.place) is not None
        return self._error(self.place, no_number(self.word, self.place), meant=meant)

    def _is_repeat(self, number: Number) -> bool:
        if number.digits not in _REPEAT_DIGITS:
            return False
        behind = number.unit
        return (
            not behind
            or self.vocabulary.is_name(behind)
            or bool(self.vocabulary.name_at(self.word, number.at + 1))
        )

    def _longest(self, kind: Kind) -> tuple[int, str]:
        if kind is Kind.PRESS or kind is Kind.HOLD:
            return self.controller.longest_press_ms, "a press"
        return self.controller.longest_ms, "a wait"

    def _next(self) -> str:
        """The next character, or "" at the end."""
        return self.word[self.place : self.place + 1]

    def _unknown(self) -> MisreadError:
        piece = _PIECE.match(self.word, self.place)
        if not piece or piece[0] == "+":
            beside = "the +" if "+" in self.word else quoted(self.word)
            return self._error(self.place, f"an input is missing beside {beside}", meant=False)
        letters = _LETTERS.match(self.word, self.place)
        name = letters[0] if letters else piece[0]
        numbered = self.word[self.place : self.place + len(name) + 1]
        if nearest(numbered, self.vocabulary.numbered):
            name = numbered  # `mvoe4` is nearly `move4`, and `mvoe` is not
        is_likely = self.named or _MEASURE.search(self.word, self.place) is not None
        meant = is_likely and bool(nearest(name, self.controller.words))
        return self._error(self.place, f"unknown input {quoted(name)}", meant=meant, unknown=name)

    def _error(self, place: int, error: str, *, meant: bool = True, unknown: str = "") -> MisreadError:
        """A mistake at `place` of the word; what was read before it may show by itself that it was meant."""
        return MisreadError(self.at + place, error, meant=meant or self.measured, unknown=unknown)


def _no_pad(pad: int, pads: int) -> str:
    there_are = "there is one pad only" if pads == 1 else f"there are pads 1 to {pads}"
    return f"there is no pad {pad}; {there_are}"


def _no_amount(kind: Kind, name: str) -> str:
    if kind is Kind.LET_GO:
        return "letting go takes no amount"
    return "a wait takes no amount" if kind is Kind.WAIT else f"{name} is a button; it takes no amount"
