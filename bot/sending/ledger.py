"""Which sequences on their way, or still holding something, came from which message and which viewer, and
what they press.

A moderator who bans somebody, deletes a message or locks a word wants the pad to forget it as well: this says
what to cancel. Writing is cheap, for it happens for every command; looking up reads everything (about a
millisecond when full), for it happens for every ban.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from bot.modes.mode import Owner
from config.controllers import Move
from tunnel.frame import SequenceId

# After its last release a sequence holds nothing. A second more covers what is late on its way.
MEMORY_MS: Final = 1_000.0
# At 10,000 short commands a second 12,000 are alive. Full, it takes about 5 MB, for what is said often shares
# its moves.
MOST_ENTRIES: Final = 16_384


class Ledger:
    """The live sequences. When there are too many, the one that ends first is forgotten and counted."""

    def __init__(self, capacity: int = MOST_ENTRIES) -> None:
        self._capacity = capacity
        self._entries: list[_Entry] = []  # a heap: what is forgotten next comes first
        self.counters: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, id: SequenceId, owner: Owner, moves: frozenset[Move], ends_ms: float, now: float) -> None:
        """Remembers a sequence whose last frame is dated `ends_ms`."""
        self.forget(now)
        entry = _Entry(ends_ms + MEMORY_MS, id, owner, moves)
        if len(self._entries) < self._capacity:
            heapq.heappush(self._entries, entry)
        else:
            heapq.heappushpop(self._entries, entry)
            self.counters["forgotten_early"] += 1

    def find(self, wanted: Callable[[Owner, frozenset[Move]], bool], now: float) -> tuple[SequenceId, ...]:
        """What of the `wanted` may still be under way or hold something."""
        self.forget(now)
        return tuple(entry.id for entry in self._entries if wanted(entry.owner, entry.moves))

    def forget(self, now: float) -> None:
        """Drops what has long ended."""
        while self._entries and self._entries[0].forget_ms <= now:
            heapq.heappop(self._entries)


class _Entry(NamedTuple):
    forget_ms: float
    id: SequenceId
    owner: Owner
    moves: frozenset[Move]
