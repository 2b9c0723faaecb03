"""Steps to frames: what chat asked for, as the integers the tunnel carries.

A line that is said often is planned once, dated from zero; each time it is said, only the dates are added.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.sequence import Step
from config.codes import encode
from tunnel.frame import Frame

Plan = tuple[Frame, ...]


def to_frames(steps: Iterable[Step], now_ms: float) -> tuple[Frame, ...]:
    """The frames of `steps`, the first moment being `now_ms` on the program's clock."""
    return dated(plan(steps), now_ms)


def plan(steps: Iterable[Step]) -> Plan:
    """The frames of `steps`, dated from zero."""
    return tuple([Frame(pad, encode(control, value), at_ms) for at_ms, control, value, pad in steps])


def dated(plan: Plan, now_ms: float) -> tuple[Frame, ...]:
    """The frames of `plan`, begun at `now_ms`. Whole milliseconds, rounded down: never later than asked."""
    begin = int(now_ms)
    return tuple([Frame(index, value, begin + offset) for index, value, offset in plan])
