"""Numbers with a unit, as they follow an input: how far (`70%`) and how long (`500ms`, `1.5s`).

    amount   = number "%"
    duration = number ( "ms" / "s" )
    number   = 1*5 digit [ "." 1*3 digit ]

A number counts in thousandths, so that `1.5s` and `99.9%` are exact; it has a fixed most of digits, so that
no text can make it large.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from bot.language.errors import MisreadError, quoted, spoken_ms

_NUMBER: Final = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?(?![0-9.])")
_DIGITS: Final = re.compile(r"[0-9.]+")
_UNIT: Final = re.compile(r"%|[a-z]+|[^0-9a-z%+*]+")
_UNITS: Final = ("%", "ms", "s")
_THOUSAND: Final = 1000


class Number(NamedTuple):
    """A number, and what stands behind it: a unit, a name, something else, or nothing.

    at, end  where it begins, and where its unit ends
    digits   as written
    """

    at: int
    end: int
    digits: str
    thousandths: int
    unit: str

    @property
    def is_quantity(self) -> bool:
        """Whether it has a unit."""
        return self.unit in _UNITS


def read_number(word: str, place: int) -> Number | None:
    """The number at `place` of `word`; None if there is none, or one with too many digits."""
    found = _NUMBER.match(word, place)
    if found is None:
        return None
    thousandths = int(found[1]) * _THOUSAND + int((found[2] or "").ljust(3, "0"))
    unit = _UNIT.match(word, found.end())
    if unit is None:
        return Number(place, found.end(), found[0], thousandths, "")
    return Number(place, unit.end(), found[0], thousandths, unit[0])


def no_number(word: str, place: int) -> str:
    """What is wrong with what stands where a number could."""
    digits = _DIGITS.match(word, place)
    if digits is None:
        return f"expected a number, not {quoted(word[place:])}"
    return f"{quoted(digits[0])} is no number; at most 5 digits, and 3 after the point"


def no_quantity(number: Number, units: str) -> tuple[int, str]:
    """Where a number without a unit of these goes wrong, and how."""
    if not number.unit:
        return 0, f"{quoted(number.digits)} needs a unit; use {units}"
    return len(number.digits), f"unknown unit {quoted(number.unit)}; use {units}"


def amount_of(number: Number, at: int) -> float:
    """The share of the way, to a tenth of a percent; `at` is its place in the line. Raises MisreadError."""
    if not _THOUSAND <= number.thousandths <= 100 * _THOUSAND or number.thousandths % 100:
        raise MisreadError(at, "an amount is 1% to 100%, with at most one decimal")
    return number.thousandths / (100 * _THOUSAND)


def duration_of(number: Number, at: int, longest_ms: int, what: str) -> int:
    """The length of `what` in whole milliseconds; `at` is its place in the line. Raises MisreadError."""
    if number.unit == "ms" and number.thousandths % _THOUSAND:
        raise MisreadError(at, "milliseconds are whole; use 500ms or 0.5s")
    duration_ms = number.thousandths if number.unit == "s" else number.thousandths // _THOUSAND
    if duration_ms == 0:
        raise MisreadError(at, f"{what} lasts at least 1ms")
    if duration_ms > longest_ms:
        raise MisreadError(at, f"{what} lasts at most {spoken_ms(longest_ms)}")
    return duration_ms
