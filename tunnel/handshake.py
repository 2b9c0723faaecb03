"""How two ends that know each other's public key get a channel: Noise IK in one round trip.

    HELLO    header (session = initiator's index) | Noise message 1, payload:
             epoch u64 | number u32 | clock u64                                          130 bytes in all
    WELCOME  header (session = initiator's index) | Noise message 2, payload:
             epoch u64 | index u32 | clock u64                                            81 bytes in all

epoch   a random number of one run of a program: another one means that run's memory is gone
number  counts the initiator's handshakes of this run, so that an old HELLO is known for what it is
index   the responder's own session index
clock   microseconds on the sender's clock

The prologue is "crowdpad/1" and the HELLO's header. The same HELLO is offered on every path; the first
WELCOME that authenticates wins. Message 1 of Noise IK can be replayed by whoever recorded it (Noise
specification, 7.7), so nothing is ever acted upon because of it: the responder keeps the new channel aside
until the initiator has used it, and no input travels in it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.channel import Channel
from tunnel.envelope import HEADER_SIZE, DatagramError, Header, Type
from tunnel.identity import Identity, PublicKey
from tunnel.noise import IK, Handshake, NoiseError

PROLOGUE: Final = b"crowdpad/1"
_CURVE: Final = "secp256k1"
_HELLO_PAYLOAD: Final = struct.Struct("<QIQ")
_WELCOME_PAYLOAD: Final = struct.Struct("<QIQ")
# An answer may still come to the offer before the last one: the retry timer is shorter than some round trips.
_OPEN_OFFERS: Final = 3
# How long the initiator has to use an answered handshake: it does so at once, over the slowest path in
# seconds.
_PENDING_MS: Final = 5_000.0
# Kept for each path alone: a relay that replays HELLOs it recorded pushes out its own, and nobody else's.
_PENDING_PER_PATH: Final = 4
# Ten honest paths copy each offer, and the copies are answered from the cache; 20 new ones a second is
# plenty.
_HELLOS_PER_SECOND: Final = 20.0
_HELLO_BURST: Final = 40.0

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Established:
    """A channel, and what the other end said of itself. `peer_clock` in milliseconds."""

    channel: Channel
    epoch: int
    number: int
    peer_clock: float
    said_at: float  # when our own message of this handshake left, on our clock


@dataclass(frozen=True, slots=True)
class _Pending:
    """An answered HELLO whose channel nobody has used yet."""

    answer: bytes
    established: Established


class Initiator:
    """Offers handshakes and takes the answer."""

    def __init__(self, identity: Identity, peer: PublicKey, epoch: int, random: Random) -> None:
        self._identity = identity
        self._peer = peer
        self._epoch = epoch
        self._random = random
        self._number = 0
        self._open: dict[int, tuple[Handshake, int, float]] = {}
        self._budget = _PathBudget()

    def offer(self, now: float) -> bytes:
        """A new HELLO for every path."""
        index = int.from_bytes(self._random(4), "little")
        header = Header(Type.HELLO, index, 0).pack()
        handshake = Handshake(
            IK,
            _CURVE,
            initiator=True,
            prologue=PROLOGUE + header,
            static=self._identity,
            ephemeral=Identity.create(),
            peer_static=self._peer.bytes,
        )
        self._number += 1
        payload = _HELLO_PAYLOAD.pack(self._epoch, self._number, int(now * 1000))
        self._open[index] = (handshake, self._number, now)
        if len(self._open) > _OPEN_OFFERS:
            del self._open[next(iter(self._open))]
        return header + handshake.write(payload)

    def welcome(self, header: Header, datagram: bytes, path: int, now: float) -> Established:
        """The answer. Raises DatagramError for one that answers nothing open or does not authenticate.

        A forged answer leaves the offer open, or one lying relay could keep all others from answering.
        """
        offered = self._open.get(header.session)
        if offered is None:
            raise DatagramError("old handshake")
        self._budget.spend(path, now)
        handshake, number, said_at = offered[0].clone(), offered[1], offered[2]
        try:
            epoch, index, clock = _WELCOME_PAYLOAD.unpack(handshake.read(datagram[HEADER_SIZE:]))
        except (NoiseError, struct.error) as error:
            raise DatagramError("forged handshake") from error
        self._open.clear()
        channel = Channel(
            handshake.keys(), handshake.hash, local_index=header.session, peer_index=index, born=now
        )
        return Established(channel, epoch, number, clock / 1000, said_at)


class Responder:
    """Answers handshakes; keeps what came of them aside until the initiator has used it."""

    def __init__(self, identity: Identity, peer: PublicKey, epoch: int, random: Random) -> None:
        self._identity = identity
        self._peer = peer
        self._epoch = epoch
        self._random = random
        self._copies = _PathBudget()
        self._pending: dict[int, dict[bytes, _Pending]] = {}  # by path, then by the HELLO's bytes
        self._budget = _PathBudget()
        self._confirmed = (0, 0)  # the epoch and number of the newest handshake that came alive

    def hello(self, header: Header, datagram: bytes, path: int, now: float) -> bytes:
        """The WELCOME for a HELLO; for a copy of one, the same bytes again. Raises DatagramError."""
        for known in self._pending.values():
            if datagram in known:
                self._copies.spend(path, now)
                pending = known[datagram]
                self._keep(path, datagram, pending)
                return pending.answer
        self._budget.spend(path, now)
        handshake = Handshake(
            IK,
            _CURVE,
            initiator=False,
            prologue=PROLOGUE + datagram[:HEADER_SIZE],
            static=self._identity,
            ephemeral=Identity.create(),
        )
        try:
            epoch, number, clock = _HELLO_PAYLOAD.unpack(handshake.read(datagram[HEADER_SIZE:]))
        except (NoiseError, struct.error) as error:
            raise DatagramError("forged handshake") from error
        if handshake.peer_static != self._peer.bytes:
            raise DatagramError("stranger")
        if epoch == self._confirmed[0] and number <= self._confirmed[1]:
            raise DatagramError("old handshake")
        index = int.from_bytes(self._random(4), "little")
        payload = _WELCOME_PAYLOAD.pack(self._epoch, index, int(now * 1000))
        answer = Header(Type.WELCOME, header.session, 0).pack() + handshake.write(payload)
        channel = Channel(
            handshake.keys(), handshake.hash, local_index=index, peer_index=header.session, born=now
        )
        established = Established(channel, epoch, number, clock / 1000, now)
        self._keep(path, datagram, _Pending(answer, established))
        return answer

    def expire(self, now: float) -> None:
        """Forgets the keys of handshakes that nobody used in time."""
        for kept in self._pending.values():
            for hello in [h for h, pending in kept.items() if _is_over(pending, now)]:
                kept.pop(hello).established.channel.wipe()

    def next_expiry(self) -> float:
        """When to call `expire`; infinity if nothing is kept."""
        born = [p.established.channel.born for kept in self._pending.values() for p in kept.values()]
        return min(born, default=float("inf")) + _PENDING_MS

    def pending(self, index: int) -> Established | None:
        """The channel aside under this index."""
        for kept in self._pending.values():
            for pending in kept.values():
                if pending.established.channel.local_index == index:
                    return pending.established
        return None

    def confirm(self, index: int) -> None:
        """The initiator has used it: it is in use from now on, and all others aside are forgotten."""
        established = self.pending(index)
        assert established is not None, "only what is pending is confirmed"
        self._confirmed = (established.epoch, established.number)
        self._pending.clear()

    def _keep(self, path: int, hello: bytes, pending: _Pending) -> None:
        """Keeps it for this path too, and forgets the path's oldest beyond its share."""
        kept = self._pending.setdefault(path, {})
        kept.pop(hello, None)
        kept[hello] = pending
        if len(kept) > _PENDING_PER_PATH:
            del kept[next(iter(kept))]


def _is_over(pending: _Pending, now: float) -> bool:
    return now - pending.established.channel.born >= _PENDING_MS


class _PathBudget:
    """How many handshake messages of one path are worth the work: a path that floods starves only itself."""

    def __init__(self) -> None:
        self._buckets: dict[int, TokenBucket] = {}

    def spend(self, path: int, now: float) -> None:
        """Raises DatagramError when the path has had its share."""
        if path not in self._buckets:
            self._buckets[path] = TokenBucket(_HELLOS_PER_SECOND, _HELLO_BURST)
        if not self._buckets[path].take(now):
            raise DatagramError("too many handshakes")
