"""The bounded queue between chat and tunnel, for when chat is faster than the line or the line is down.

First come, first served. When it is full the oldest goes: what was typed last fits the picture best. What has
waited too long goes too, for the game has moved on. Both are counted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

# As long as the receiver itself takes a sequence for fresh (`stale_after`): sending it later is in vain.
LONGEST_WAIT_MS: Final = 1_500.0


class Backlog(Generic[Item]):
    """At most `capacity` items, none older than `longest_wait_ms`.

    counters  `shed` (pushed out by newer ones), `expired` (waited too long)
    """

    def __init__(self, capacity: int, longest_wait_ms: float = LONGEST_WAIT_MS) -> None:
        self._capacity = capacity
        self._longest_wait_ms = longest_wait_ms
        self._items: deque[tuple[float, Item]] = deque()
        self.counters: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._items)

    def push(self, item: Item, now: float) -> None:
        """Queues `item`, and sheds the oldest if there is no room."""
        self._items.append((now + self._longest_wait_ms, item))
        if len(self._items) > self._capacity:
            self._items.popleft()
            self.counters["shed"] += 1

    def first(self, now: float) -> Item | None:
        """The item that has waited longest and is still of use, left where it is; None if there is none."""
        self.handle_timeout(now)
        return self._items[0][1] if self._items else None

    def drop_first(self) -> None:
        """Removes what `first` returned: it has left for the tunnel."""
        self._items.popleft()

    def remove(self, unwanted: Callable[[Item], bool]) -> int:
        """Takes back every item that is `unwanted`, and says how many."""
        kept = [entry for entry in self._items if not unwanted(entry[1])]
        removed = len(self._items) - len(kept)
        self._items = deque(kept)
        return removed

    def next_timeout(self) -> float | None:
        """When the oldest item expires."""
        return self._items[0][0] if self._items else None

    def handle_timeout(self, now: float) -> None:
        """Drops what has expired."""
        while self._items and self._items[0][0] <= now:
            self._items.popleft()
            self.counters["expired"] += 1
