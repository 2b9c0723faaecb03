"""One timer for all deadlines of a core: it rings when the next one is due, and always sets itself anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tunnel.wallclock import WallClock

# What raised once is likely to raise again while its deadline stands: ten times a second can be read in a
# log, and what else waits is late by no more than a few frames of a game.
_AFTER_AN_ERROR_MS: Final = 100.0


class Alarm:
    """Rings on the running loop.

    Law of use: `set` after anything that may have brought the next deadline forward; `cancel` when nothing is
    awaited any more, `set` begins anew. Both are harmless to repeat and may be called from within the ring.
    Ringing early is harmless: a deadline that has moved back leaves the timer as it is.

    The promise: it sets itself after every ring, whatever that did. What a ring raises goes to the loop's
    exception handler as from any timer, and the next one comes a tenth of a second later at the earliest.
    Only `cancel` ends it.

    ring      does what is due; need not call `set`
    deadline  when to ring next, milliseconds on `clock`; infinity: not at all. Must not raise
    """

    def __init__(self, ring: Callable[[], None], deadline: Callable[[], float], clock: WallClock) -> None:
        self._ring = ring
        self._deadline = deadline
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._at = float("inf")
        self._not_before = float("-inf")
        self._ringing = False
        self._wanted = False

    @property
    def at(self) -> float:
        """When it rings next; infinity if it does not."""
        return self._at

    def set(self) -> None:
        """Rings by the next deadline. While it rings already that follows by itself, afterwards."""
        self._wanted = True
        if self._ringing:
            return
        moment = max(self._deadline(), self._not_before)
        if moment >= self._at:
            return
        self._stop()
        self._at = moment
        wait_s = max(0.0, moment - self._clock.now()) / 1000
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._due)

    def cancel(self) -> None:
        """Rings no more, not even if it is ringing."""
        self._wanted = False
        self._stop()

    def _due(self) -> None:
        self._stop()
        self._ringing = True
        self._not_before = self._clock.now() + _AFTER_AN_ERROR_MS
        try:
            self._ring()
            self._not_before = float("-inf")
        finally:
            self._ringing = False
            if self._wanted:
                self.set()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = None, float("inf")
