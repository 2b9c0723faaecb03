"""What a relay passes on over one connection: kept until its welcome has been read, never in a flood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.links.fast import FastConnection
from tunnel.wallclock import WallClock

# A hundred times what an overloaded bot sends, and still little enough to leave the loop to the other paths.
_MOST_PER_SECOND: Final = 20_000
# An honest relay sends 4,000 a second at most, and the welcome is read within a turn of the loop or two.
_MOST_EARLY: Final = 1_000


class Intake:
    """Takes the connection's `on_datagram` for itself; cuts the connection off when it floods.

    unheard  bytes that came and were handed to nobody
    """

    def __init__(self, connection: FastConnection, counters: Counter[str], clock: WallClock) -> None:
        self._connection = connection
        self._counters = counters
        self._clock = clock
        self._flood = TokenBucket(_MOST_PER_SECOND, _MOST_PER_SECOND)
        self._early: list[bytes] = []
        self._hand_over: Callable[[bytes], None] | None = None
        self._dropped = 0

    @property
    def unheard(self) -> int:
        """See above."""
        return self._dropped + sum(map(len, self._early))

    def open(self) -> None:
        """From now on datagrams may come; those that do are kept."""
        self._connection.on_datagram = self.came

    def hand_to(self, on_datagram: Callable[[bytes], None]) -> None:
        """The welcome has been read: from now on each goes there, those that came before it first."""
        early, self._early = self._early, []
        self._hand_over = on_datagram
        for datagram in early:
            on_datagram(datagram)

    def came(self, datagram: bytes) -> None:
        """One datagram. Those that came in fragments come from whoever put them together."""
        if not self._flood.take(self._clock.now()) or len(self._early) == _MOST_EARLY:
            self._counters["dropped_flood"] += 1
            self._dropped += len(datagram)
            self._connection.transport.abort()
        elif self._hand_over is None:
            self._early.append(datagram)
        else:
            self._hand_over(datagram)

    def close(self) -> None:
        """Nothing is handed over any more."""
        self._connection.on_datagram = None
