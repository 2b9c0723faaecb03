"""The program's one clock. Shells read it and hand the value to the cores as `now`."""

from __future__ import annotations

import time
from typing import Final

_READINGS: Final = 8


class WallClock:
    """Milliseconds since 1970 when it was made, then monotonic.

    A step of the system clock (NTP, a person, summer time done wrong) never moves `now`, so no deadline fires
    early and no date of a running session jumps. It may be wrong by days: nothing that uses it needs it
    right. A program that is suspended may find it standing where it stood.

    `date` is for what this end shares with people and with other machines without ever having compared clocks
    with them: the day of a letter, the hour of a bill. It is the system's own time and jumps as that does.
    """

    def __init__(self) -> None:
        # Two clocks are never read at the same moment; the pair read closest together is the truest.
        pairs = [(time.perf_counter(), time.time(), time.perf_counter()) for _ in range(_READINGS)]
        before, wall, after = min(pairs, key=lambda pair: pair[2] - pair[0])
        self._offset_ms = (wall - (before + after) / 2) * 1000

    def now(self) -> float:
        """Milliseconds, with the microseconds in the fraction."""
        return self._offset_ms + time.perf_counter() * 1000

    def date(self) -> float:
        """Milliseconds since 1970 as the system has it at this moment. No deadline may hang on it."""
        return time.time() * 1000
