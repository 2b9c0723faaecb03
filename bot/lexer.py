"""Reads one word of a chat line, such as `a`, `right2s`, `lup70%1s` or `a500ms+right`, as presses.

    word    = press *( "+" press )
    press   = name [ amount ] [ duration ]
    amount  = number "%"
    duration = number ( "ms" / "s" )
    number  = 1*5 digit [ "." 1*3 digit ]

A name is letters only, so a digit always begins a number. A number counts in thousandths, so that `1.5s` and
`99.9%` are exact; it has a fixed most of digits, so that no text can make it large.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from config.controllers import Action, Controller

_NAME: Final = re.compile(r"[a-z]+")
_NUMBER: Final = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?(?![0-9.])")
_DIGITS: Final = re.compile(r"[0-9.]+")
_UNIT: Final = re.compile(r"%|[^0-9%]+")
_THOUSAND: Final = 1000


class MisreadError(Exception):
    """A word that is no input. `at` is the place in the line, counted from 0; `error` says why."""

    def __init__(self, at: int, error: str) -> None:
        super().__init__(error)
        self.at = at
        self.error = error


class Press(NamedTuple):
    """One word to press: where the line says so (from 0), what, how far (0 to 1), how long, on which pad.

    duration_ms  None where the viewer named none
    """

    at: int
    word: str
    action: Action
    amount: float
    duration_ms: int | None
    pad: int = 1


Chord = tuple[Press, ...]


def known_name(word: str, controller: Controller) -> str:
    """The name `word` begins with, or "" if its letters are none of the controller's."""
    letters = _NAME.match(word)
    return letters[0] if letters and letters[0] in controller.words else ""


def read_chord(word: str, at: int, controller: Controller) -> Chord:
    """The presses of `word`, which begins at place `at` of its line. Raises MisreadError."""
    presses: list[Press] = []
    for part in word.split("+"):
        press = _read_press(part, at, controller)
        for other in presses:
            _check_pair(other, press)
        presses.append(press)
        at += len(part) + 1
    _check_forbidden(presses, controller)
    return tuple(presses)


def quoted(piece: str) -> str:
    """A piece of a viewer's text, short and printable, for an error."""
    short = piece if len(piece) <= 16 else piece[:15] + "…"
    return f'"{short}"' if short.isprintable() else ascii(short)


def spoken_ms(duration_ms: int) -> str:
    """A duration as chat writes it: `200ms`, `5s`, `1500ms`."""
    return f"{duration_ms // 1000}s" if duration_ms % 1000 == 0 else f"{duration_ms}ms"


class _Quantity(NamedTuple):
    at: int
    thousandths: int
    unit: str


def _read_press(part: str, at: int, controller: Controller) -> Press:
    if not part:
        raise MisreadError(at, "an input is missing beside the +")
    letters = _NAME.match(part)
    name = letters[0] if letters else part
    action = controller.words.get(name)
    if action is None:
        raise MisreadError(at, f"unknown input {quoted(name)}")
    amount = 1.0
    duration_ms: int | None = None
    quantities = _read_quantities(part, len(name), at, action)
    if quantities and quantities[0].unit == "%":
        amount = _amount(quantities.pop(0), name, action)
    if quantities:
        duration_ms = _duration(quantities.pop(0), controller)
    if quantities:
        raise MisreadError(quantities[0].at, "an input ends with its duration")
    return Press(at, name, action, amount, duration_ms)


def _read_quantities(part: str, start: int, at: int, action: Action) -> list[_Quantity]:
    """The numbers with their units that make up `part` from `start` to its end."""
    found: list[_Quantity] = []
    while start < len(part):
        units = "%, ms or s" if action.analog and not found else "ms or s"
        number = _NUMBER.match(part, start)
        if number is None:
            raise MisreadError(at + start, _no_number(part, start))
        unit = _UNIT.match(part, number.end())
        if unit is None:
            raise MisreadError(at + start, f"{quoted(number[0])} needs a unit; use {units}")
        if unit[0] not in ("%", "ms", "s"):
            raise MisreadError(at + number.end(), f"unknown unit {quoted(unit[0])}; use {units}")
        thousandths = int(number[1]) * _THOUSAND + int((number[2] or "").ljust(3, "0"))
        found.append(_Quantity(at + start, thousandths, unit[0]))
        start = unit.end()
    return found


def _no_number(part: str, start: int) -> str:
    digits = _DIGITS.match(part, start)
    if digits is None:
        return f"expected a number, not {quoted(part[start:])}"
    return f"{quoted(digits[0])} is no number; at most 5 digits, and 3 after the point"


def _amount(quantity: _Quantity, name: str, action: Action) -> float:
    """The share of the way, to a tenth of a percent."""
    if not action.analog:
        raise MisreadError(quantity.at, f"{name} is a button; it takes no amount")
    if not _THOUSAND <= quantity.thousandths <= 100 * _THOUSAND or quantity.thousandths % 100:
        raise MisreadError(quantity.at, "an amount is 1% to 100%, with at most one decimal")
    return quantity.thousandths / (100 * _THOUSAND)


def _duration(quantity: _Quantity, controller: Controller) -> int:
    """The press's length in whole milliseconds."""
    at, thousandths, unit = quantity
    if unit == "%":
        raise MisreadError(at, "an input has one amount only")
    if unit == "ms" and thousandths % _THOUSAND:
        raise MisreadError(at, "milliseconds are whole; use 500ms or 0.5s")
    duration_ms = thousandths if unit == "s" else thousandths // _THOUSAND
    if duration_ms == 0:
        raise MisreadError(at, "a press lasts at least 1ms")
    if duration_ms > controller.longest_press_ms:
        raise MisreadError(at, f"a press lasts at most {spoken_ms(controller.longest_press_ms)}")
    return duration_ms


def _check_pair(first: Press, second: Press) -> None:
    if first.action == second.action:
        raise MisreadError(second.at, f"{first.word} and {second.word} are the same input")
    if first.action.controls & second.action.controls:
        raise MisreadError(second.at, f"{first.word} and {second.word} cannot be pressed together")


def _check_forbidden(presses: list[Press], controller: Controller) -> None:
    if len(presses) == 1:
        return
    pressed = {control for press in presses for control in press.action.controls}
    for group in controller.forbidden:
        if group <= pressed:
            named = [press for press in presses if press.action.controls & group]
            words = " and ".join(press.word for press in named)
            raise MisreadError(named[-1].at, f"{words} cannot be pressed together")
