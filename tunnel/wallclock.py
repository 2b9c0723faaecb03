"""The program's one clock. Shells read it and hand the value to the cores as `now`."""

from __future__ import annotations

import time


class WallClock:
    """Milliseconds since 1970 when it was made, then monotonic.

    A step of the system clock (NTP, a person, summer time done wrong) never moves it, so no deadline fires
    early and no date of a running session jumps. It may be wrong by days: nothing here needs it right.
    """

    def __init__(self) -> None:
        self._offset_ms = time.time() * 1000 - time.perf_counter() * 1000

    def now(self) -> float:
        """Milliseconds, with the microseconds in the fraction."""
        return self._offset_ms + time.perf_counter() * 1000
