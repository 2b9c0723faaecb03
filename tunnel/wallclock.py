"""The program's one clock. Shells read it and hand the value to the cores as `now`."""

from __future__ import annotations

import time
from typing import Final

_READINGS: Final = 8


class WallClock:
    """Milliseconds since 1970 when it was made, then monotonic.

    A step of the system clock (NTP, a person, summer time done wrong) never moves it, so no deadline fires
    early and no date of a running session jumps. It may be wrong by days: nothing here needs it right.
    """

    def __init__(self) -> None:
        # Two clocks are never read at the same moment; the pair read closest together is the truest.
        pairs = [(time.perf_counter(), time.time(), time.perf_counter()) for _ in range(_READINGS)]
        before, wall, after = min(pairs, key=lambda pair: pair[2] - pair[0])
        self._offset_ms = (wall - (before + after) / 2) * 1000

    def now(self) -> float:
        """Milliseconds, with the microseconds in the fraction."""
        return self._offset_ms + time.perf_counter() * 1000
