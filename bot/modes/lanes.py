"""The places on one pad: how many inputs play on it, and when the next of them ends. Pure."""

from __future__ import annotations

import heapq


class Lanes:
    """At most `together` inputs at a time, each from its begin until its end."""

    def __init__(self, together: int) -> None:
        self._together = together
        self._ends: list[float] = []  # a heap

    def has_room(self, now: float) -> bool:
        """Whether another input may begin at `now`."""
        ends = self._ends
        while ends and ends[0] <= now:
            heapq.heappop(ends)
        return len(ends) < self._together

    def begin(self, end: float) -> None:
        """An input plays from now until `end`. There must be room."""
        heapq.heappush(self._ends, end)

    def next_room(self) -> float | None:
        """When a place becomes free; None where one is."""
        return self._ends[0] if len(self._ends) >= self._together else None
