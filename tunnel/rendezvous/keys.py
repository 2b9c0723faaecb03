"""Where the two ends' letters lie, and what they are sealed with: another place and key for each end and day.

    root          = ECDH(static keys of the two ends)                  as for the session's handshake
    of a day      = HKDF-SHA256(root, info = "crowdpad letters" || writer's public key || day)   112 bytes
                    16 hole's name | 32 hole's seed | 64 seal's key

Both ends derive all of it; nobody else can derive any of it. A stranger who sees a hole's name, or the public
key that its seed makes, has one output of HKDF: it tells neither whose it is, nor which other holes belong
to the same two ends, be it the other end's of the same day or the same end's of the next. Whoever runs a
place still sees which addresses come to it and when.

Days are counted by each end's own clock, for there is nobody to ask. Clocks that differ by up to an hour
always meet, because around midnight both days' holes are looked at; others meet for the rest of the day.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tunnel.identity import Identity, PublicKey
from tunnel.rendezvous.place import Hole
from tunnel.room import DAY_MS

# How far the two clocks may differ around midnight. A machine whose clock is further off than a zone's
# daylight saving has trouble with every TLS certificate too.
NEAR_MIDNIGHT_MS: Final = 3_600_000
SEAL_KEY_SIZE: Final = 64

_LABEL: Final = b"crowdpad letters"
_NAME_SIZE: Final = 16
_SEED_SIZE: Final = 32
# Two writers, and of each the days around today.
_MOST_KEPT: Final = 8


class DayKeys(NamedTuple):
    """One writer's hole and seal on one day."""

    hole: Hole
    seal: bytes


class MeetingKeys:
    """The keys of one pair of ends, as seen from one of them; its `own` and `peer` are those of Holes.

    For one thread only: what was derived is kept. Raises ValueError if `peer` is no point.
    """

    def __init__(self, identity: Identity, peer: PublicKey) -> None:
        self._root = identity.exchange(peer.bytes)
        self._own = identity.public.bytes
        self._peer = peer.bytes
        self._kept: dict[tuple[bytes, int], DayKeys] = {}

    def own(self, date: float) -> Hole:
        """See Holes."""
        return self.ours(day_of(date)).hole

    def peer(self, date: float) -> tuple[Hole, ...]:
        """See Holes."""
        today = day_of(date)
        days = dict.fromkeys((today, day_of(date - NEAR_MIDNIGHT_MS), day_of(date + NEAR_MIDNIGHT_MS)))
        return tuple(self.theirs(day).hole for day in days)

    def ours(self, day: int) -> DayKeys:
        """What we write with on a day, counted since 1970."""
        return self._derive(self._own, day)

    def theirs(self, day: int) -> DayKeys:
        """What the other end writes with."""
        return self._derive(self._peer, day)

    def _derive(self, writer: bytes, day: int) -> DayKeys:
        kept = self._kept.get((writer, day))
        if kept is not None:
            return kept
        info = _LABEL + writer + day.to_bytes(8, "little", signed=True)
        size = _NAME_SIZE + _SEED_SIZE + SEAL_KEY_SIZE
        made = HKDF(algorithm=hashes.SHA256(), length=size, salt=None, info=info).derive(self._root)
        seed, seal = made[_NAME_SIZE : _NAME_SIZE + _SEED_SIZE], made[_NAME_SIZE + _SEED_SIZE :]
        keys = DayKeys(Hole(made[:_NAME_SIZE], seed), seal)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[writer, day] = keys
        return keys


def day_of(date: float) -> int:
    """The day of a date in milliseconds since 1970, counted from there."""
    return int(date // DAY_MS)
