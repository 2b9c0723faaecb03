"""Whether somebody still reads what is waiting for them. Pure."""

from __future__ import annotations


class Stall:
    """Watches how many bytes wait for one peer while nothing is added to them.

    Fewer than at the last look is progress; so is nothing at all. Look regularly, about every second.
    """

    __slots__ = ("_since_ms", "_waiting")

    def __init__(self) -> None:
        self._waiting = 0
        self._since_ms = 0.0

    def idle_ms(self, waiting: int, now: float) -> float:
        """Milliseconds without progress, as far as the looks so far can tell."""
        if not waiting or waiting < self._waiting or not self._waiting:
            self._since_ms = now
        self._waiting = waiting
        return now - self._since_ms
