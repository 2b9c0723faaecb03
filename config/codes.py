"""Integer value <-> control: the Xbox part of the IID table, and one exact range of our own.

The table (docs/protocol.md, "Values") speaks of buttons, compass directions and axes at quarters. It cannot
say "left trigger at 30 %" or "let go of up but keep right". For those there is the exact range:

    2000 CC VVVV    2,000,000,000 + 10,000 x control number + (1,000 + value x 1,000)

CC is the place of the control in `CONTROLS`, the value runs from -1.000 to 1.000. No other program of the
family uses integers above 2,000,000,000. `encode` prefers the table wherever the table says exactly the same.
"""

from __future__ import annotations

import enum
from typing import Final


class Control(enum.StrEnum):
    """Everything an Xbox-like pad has. The names are those of the `events` device and of `parse --json`."""

    A = "A"
    B = "B"
    X = "X"
    Y = "Y"
    LB = "LB"
    RB = "RB"
    LS = "LS"
    RS = "RS"
    START = "START"
    BACK = "BACK"
    GUIDE = "GUIDE"
    UP = "UP"
    DOWN = "DOWN"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    LX = "LX"
    LY = "LY"
    RX = "RX"
    RY = "RY"
    LT = "LT"
    RT = "RT"


C = Control
CONTROLS: Final = tuple(Control)
BUTTONS: Final = CONTROLS[:15]
STICKS: Final = (C.LX, C.LY, C.RX, C.RY)
TRIGGERS: Final = (C.LT, C.RT)
AXES: Final = STICKS + TRIGGERS

Changes = tuple[tuple[Control, float], ...]

RELEASE: Final = 1000  # added to a press, it lets go
EXACT_BASE: Final = 2_000_000_000
_EXACT_STEP: Final = 10_000
_STICKS_BASE: Final = 1_800_000_000
_STATE_BASE: Final = 1_700_000_000

PRESS: Final[dict[Control, int]] = {
    C.A: 1300, C.X: 1301, C.B: 1302, C.Y: 1303,
    C.LB: 1304, C.RB: 1305, C.LS: 1306, C.RS: 1307,
    C.START: 1308, C.BACK: 1309, C.GUIDE: 1319,
}  # fmt: skip

# Clockwise from north, as the table counts them.
_COMPASS: Final = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
_AXIS_CODES: Final = (
    (C.LX, 1.0), (C.LX, -1.0), (C.LY, 1.0), (C.LY, -1.0),
    (C.RX, 1.0), (C.RX, -1.0), (C.RY, 1.0), (C.RY, -1.0),
    (C.LT, 1.0), (C.RT, 1.0),
)  # fmt: skip
_QUARTERS: Final = ((1350, 1.0), (1360, 0.75), (1370, 0.5), (1380, 0.25))

# The 17xxxxxxxx state, bit by bit from 0 (the layout of 2026); bit 15 says "connected" and moves nothing.
_STATE_BITS: Final = (
    C.Y, C.B, C.A, C.X, C.UP, C.RIGHT, C.DOWN, C.LEFT, C.LB, C.RB, C.LS, C.RS, C.BACK, C.GUIDE, C.START,
)  # fmt: skip
_STATE_TRIGGER_WEIGHTS: Final = (0.10, 0.15, 0.25, 0.50)
_STATE_LIMIT: Final = _STATE_BASE + (1 << 24)


class CodeError(ValueError):
    """An integer that names no control of a pad."""


def _dpad(x: int, y: int) -> Changes:
    return (
        (C.UP, float(y > 0)),
        (C.DOWN, float(y < 0)),
        (C.LEFT, float(x < 0)),
        (C.RIGHT, float(x > 0)),
    )


def _table() -> dict[int, Changes]:
    table: dict[int, Changes] = {}
    for control, code in PRESS.items():
        table[code] = ((control, 1.0),)
        table[code + RELEASE] = ((control, 0.0),)
    for base, group in ((1310, None), (1330, (C.LX, C.LY)), (1340, (C.RX, C.RY))):
        rest = _dpad(0, 0) if group is None else ((group[0], 0.0), (group[1], 0.0))
        table[base] = table[base + RELEASE] = rest
        for place, (x, y) in enumerate(_COMPASS, start=1):
            moved = _dpad(x, y) if group is None else ((group[0], float(x)), (group[1], float(y)))
            table[base + place] = moved
            table[base + place + RELEASE] = rest
    for base, amount in _QUARTERS:
        for place, (axis, sign) in enumerate(_AXIS_CODES):
            table[base + place] = ((axis, sign * amount),)
            table[base + place + RELEASE] = ((axis, 0.0),)
    return table


TABLE: Final = _table()
_CODE_OF: Final[dict[tuple[Control, float], int]] = {
    moves[0]: code for code, moves in sorted(TABLE.items(), reverse=True) if len(moves) == 1
}


def encode(control: Control, value: float) -> int:
    """The integer that sets `control` to `value` and touches nothing else.

    Buttons take 0 or 1, triggers 0 to 1, sticks -1 to 1, kept to a thousandth. Raises CodeError outside that.
    """
    lowest = -1.0 if control in STICKS else 0.0
    if not lowest <= value <= 1.0 or (control in BUTTONS and value not in (0, 1)):
        raise CodeError(f"{control} cannot be {value}")
    code = _CODE_OF.get((control, float(value)))
    if code is not None:
        return code
    return EXACT_BASE + CONTROLS.index(control) * _EXACT_STEP + 1000 + round(value * 1000)


def decode(code: int) -> Changes:
    """What `code` does: controls and the values it sets them to. Raises CodeError for any other integer."""
    changes = TABLE.get(code)
    if changes is not None:
        return changes
    if EXACT_BASE <= code < EXACT_BASE + len(CONTROLS) * _EXACT_STEP:
        return _decode_exact(code - EXACT_BASE)
    if _STICKS_BASE <= code < _STICKS_BASE + 100_000_000:
        return _decode_sticks(code - _STICKS_BASE)
    if _STATE_BASE <= code < _STATE_LIMIT:
        return _decode_state(code - _STATE_BASE)
    raise CodeError(f"{code} names no control")


def _decode_exact(rest: int) -> Changes:
    place, shifted = divmod(rest, _EXACT_STEP)
    control, value = CONTROLS[place], (shifted - 1000) / 1000
    lowest = -1.0 if control in STICKS else 0.0
    if not lowest <= value <= 1.0 or (control in BUTTONS and value not in (0, 1)):
        raise CodeError(f"{control} cannot be {value}")
    return ((control, value),)


def _decode_sticks(digits: int) -> Changes:
    """`18LLllRRrr`: two digits each for LX, LY, RX, RY; 00 and 50 mean centre, 01 is -1, 99 is +1."""
    fields = (digits // 1_000_000, digits // 10_000 % 100, digits // 100 % 100, digits % 100)
    return tuple((axis, (n - 50) / 49 if n else 0.0) for axis, n in zip(STICKS, fields, strict=True))


def _decode_state(bits: int) -> Changes:
    buttons = tuple((control, float(bits >> place & 1)) for place, control in enumerate(_STATE_BITS))
    triggers = tuple(
        (trigger, sum(w for place, w in enumerate(_STATE_TRIGGER_WEIGHTS, start=first) if bits >> place & 1))
        for trigger, first in ((C.LT, 16), (C.RT, 20))
    )
    return buttons + triggers


def sticks_code(lx: float, ly: float, rx: float, ry: float) -> int:
    """The `18LLllRRrr` integer nearest to these four values; for programs that know only the table."""
    value = _STICKS_BASE
    for axis, weight in zip((lx, ly, rx, ry), (1_000_000, 10_000, 100, 1), strict=True):
        if not -1 <= axis <= 1:
            raise CodeError(f"a stick cannot be {axis}")
        value += (50 + round(axis * 49)) * weight
    return value


def dpad_code(up: bool, down: bool, left: bool, right: bool) -> int:
    """The compass code of the d-pad's state; opposite directions cancel out."""
    direction = (int(right) - int(left), int(up) - int(down))
    return 1310 if direction == (0, 0) else 1311 + _COMPASS.index(direction)
