"""What paths cost: bytes in the running hour, and the caps on them. Pure; dates in milliseconds since 1970.

    bytes of this hour    the path
    ------------------    --------------------------------------------------------------------------
    below 80 % of a cap   carries as if there were none
    from 80 % on          is spared: carries only while no other one works; heartbeats go on
    from 100 % on         is spent: it is taken down and carries nothing at all until the hour turns

Hours are those of UTC, which turn when the streamer's do, or half an hour away. They are the provider's too:
a date is the system's own, read anew each time (`WallClock.date`), not the program's clock, which may have
stood while the machine was suspended. A system that is set to another hour begins that at zero, and so does a
program that starts.

What is counted are the datagrams that this end puts on the path and gets from it. Of a relay that is what the
relay gets from us and sends to us, before its welcome as well, which is what a bill for a relay is about.
What finds a direct path and keeps it open is not counted (STUN checks, the guessing of ports), nor are the
words with routers, STUN servers and meeting places: their own paces bound them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tunnel.policy import Kind, names

HOUR_MS: Final = 3_600_000.0
# A fifth is left for when nothing else works: at 50 MB an hour, some 25,000 inputs and their answers.
SPARED_FROM: Final = 0.8
# What a datagram is wrapped in, at most: WebSocket 8 with its mask, TLS 22 (RFC 8446: 5 of head, 16 of tag, 1
# of type), TCP 32 with timestamps, UDP 8, IP 40 (version 6; 20 in version 4). Acknowledgements that travel
# alone, logins and keepalives are not counted: a provider's count may be a tenth higher.
OVERHEAD: Final[Mapping[Kind, int]] = {
    "relay": 8 + 22 + 32 + 40,
    "direct udp": 8 + 40,
    "direct tcp": 8 + 32 + 40,
}


class Meter:
    """Bytes since the hour began."""

    __slots__ = ("_bytes", "_hour")

    def __init__(self) -> None:
        self._bytes = 0
        self._hour = 0.0

    def count(self, size: int, date: float) -> None:
        """So many more."""
        self._bytes = self.used(date) + size
        self._hour = date // HOUR_MS

    def used(self, date: float) -> int:
        """How many in the hour of `date`."""
        return self._bytes if date // HOUR_MS == self._hour else 0


class Cap(Meter):
    """What all paths of one name may use together in an hour."""

    __slots__ = ("limit", "name")

    def __init__(self, name: str, limit: int) -> None:
        super().__init__()
        self.name = name
        self.limit = limit


class Bill:
    """What one path uses, by itself and of the caps that it shares."""

    def __init__(self, overhead: int = 0, caps: Iterable[Cap] = ()) -> None:
        """`overhead` is what each datagram weighs besides its own bytes."""
        self._own = Meter()
        self._overhead = overhead
        self.caps = tuple(caps)

    @property
    def limit(self) -> int | None:
        """The lowest of its caps, bytes an hour; None if it has none."""
        return min((cap.limit for cap in self.caps), default=None)

    def count(self, size: int, date: float) -> None:
        """A datagram of this size went, or came."""
        weight = size + self._overhead
        self._own.count(weight, date)
        for cap in self.caps:
            cap.count(weight, date)

    def used(self, date: float) -> int:
        """Bytes of this path in this hour."""
        return self._own.used(date)

    def is_spared(self, date: float) -> bool:
        """Whether it carries only while no other path works."""
        return any(cap.used(date) >= SPARED_FROM * cap.limit for cap in self.caps)

    def is_spent(self, date: float) -> bool:
        """Whether it carries nothing before the hour turns."""
        return any(cap.used(date) >= cap.limit for cap in self.caps)


class Caps:
    """All caps there are: makes each path's bill, so that paths of one name share one cap."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        """Bytes an hour by name; see PathPolicy."""
        self._caps = {name: Cap(name, limit) for name, limit in limits.items()}

    def bill(self, kind: Kind, url: str) -> Bill:
        """For a new path."""
        named = names(kind, url)
        return Bill(OVERHEAD[kind], [self._caps[name] for name in named if name in self._caps])


def next_hour(date: float) -> float:
    """When the hour turns."""
    return (date // HOUR_MS + 1) * HOUR_MS
