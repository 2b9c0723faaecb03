"""A token bucket: how much somebody may do now, given how much they did lately."""

from __future__ import annotations


class TokenBucket:
    """Lets `burst` through at once and `per_second` in the long run. Starts full; owns no clock.

    What is free of any limit has no bucket: both figures must be above zero (ValueError otherwise).
    """

    __slots__ = ("_burst", "_level", "_per_ms", "_updated_ms")

    def __init__(self, per_second: float, burst: float) -> None:
        if not (per_second > 0 and burst > 0):
            raise ValueError(f"a bucket needs a rate and a burst above zero, not {per_second} and {burst}")
        self._per_ms = per_second / 1000
        self._burst = burst
        self._level = burst
        self._updated_ms: float | None = None

    def take(self, now_ms: float, cost: float = 1.0) -> bool:
        """Whether `cost` fits now; if so it is spent, else nothing is. Time stepping back refills nothing."""
        if self._updated_ms is None:
            self._updated_ms = now_ms
        elif now_ms > self._updated_ms:
            level = self._level + (now_ms - self._updated_ms) * self._per_ms
            self._level = level if level < self._burst else self._burst
            self._updated_ms = now_ms
        if self._level < cost:
            return False
        self._level -= cost
        return True
