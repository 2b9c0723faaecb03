"""Guessing ports, where nothing else helps: one end's router gives every destination another port, and the
other end's lets in only whom it called.

The end with the first kind of router opens 256 sockets and sends one check from each to the other end's one
address: now its router holds 256 ports open for it. The other end sends checks to 1,024 ports of that
router, drawn at random. One that hits comes in, and its answer comes back.

      256 sockets, a check from each ------------> X   the address everybody sees
      256 of 64,512 ports let that address in <------  1,024 checks, to ports drawn at random

That succeeds in 1 - (1 - 256/64,512)^1,024 = 98 of 100 cases, half of them within 174 checks (Tailscale,
"How NAT traversal works"). Two routers of the first kind would need 170,000 checks, so it is not tried.

It looks like a scan, so both ends must have asked for it, it is bounded, and only the host at which servers
saw the other end gets any of it. A single server could name anybody. So an end agrees only while servers at
two addresses at least say the same (gathering.py), and no offer that names two hosts is followed. That does
not help against a relay that answers at two addresses where no other server is asked. No I/O, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from tunnel.bucket import TokenBucket
from tunnel.nat.candidates import Kind, is_ipv6, is_plausible
from tunnel.nat.gathering import Random
from tunnel.nat.offer import Offer
from tunnel.nat.stun import Address

SOCKETS: Final = 256
PROBES: Final = 1_024
# Tailscale's pace: a hundred checks a second fill no home router's table.
EVERY_MS: Final = 10.0
# What a loop that was busy may catch up at once: Windows wakes us every 16 ms only.
_CATCH_UP_MS: Final = 2 * EVERY_MS
# 10.24 s of checks, and some for an end that began a little later. Routers keep a silent port for 30 s.
LASTS_MS: Final = 15_000.0
# 1,024 checks of 100 bytes, or 128 with the headers of UDP and IP, are 131 kB: every half hour that is
# 73 bytes a second, and trying for ever may cost 200.
_PER_SECOND: Final = 1 / 1_800
_LOWEST_PORT: Final = 1_024  # RFC 4787, 3.2.1: the ports below are not for mappings of others


class Probe(NamedTuple):
    """A check to send there, by that socket of ours: 0 is the main one, the others are opened for it."""

    address: Address
    via: int


def allowance() -> TokenBucket:
    """How often it may be tried; to be kept for as long as the program runs."""
    return TokenBucket(_PER_SECOND, 1)


class Birthday:
    """One try at a time. `now` in milliseconds.

    allowed  how often; None: never, and then the other end need not try either
    """

    def __init__(self, random: Random, allowed: TokenBucket | None) -> None:
        self.running = False
        self._random = random
        self._allowed = allowed
        self._probes: deque[Probe] = deque()
        self._due = self._ends = float("inf")

    @property
    def agrees(self) -> bool:
        """Whether this end has asked for it."""
        return self._allowed is not None

    def begin(self, own: Offer, remote: Offer, now: float) -> bool:
        """Tries, if both ends agree, it may help, and it was not tried lately. Returns whether it does."""
        target = _target(own, remote)
        if self.running or target is None or self._allowed is None or not self._allowed.take(now):
            return False
        if own.symmetric:
            self._probes = deque(Probe(target, via) for via in range(1, SOCKETS + 1))
        else:
            self._probes = deque(Probe((target[0], port), 0) for port in self._ports())
        self.running = True
        self._due, self._ends = now, now + LASTS_MS
        return True

    def stop(self) -> None:
        """A path was found, or there is nobody any more to find one to."""
        self.running = False
        self._probes.clear()
        self._due = self._ends = float("inf")

    def take_due(self, now: float) -> list[Probe]:
        """What to send now."""
        if now >= self._ends:
            self.stop()
        due = []
        while self._probes and self._due <= now:
            due.append(self._probes.popleft())
            self._due = max(self._due + EVERY_MS, now - _CATCH_UP_MS)
        return due

    def next_timeout(self) -> float:
        """When `take_due` has something to do; infinity if nothing is awaited."""
        return self._due if self._probes else self._ends

    def _ports(self) -> Iterator[int]:
        drawn: set[int] = set()
        while len(drawn) < PROBES:
            port = int.from_bytes(self._random(2), "big")
            if port >= _LOWEST_PORT and port not in drawn:
                drawn.add(port)
                yield port


def _target(own: Offer, remote: Offer) -> Address | None:
    """Where servers saw the other end, if guessing may help and they agree on the host.

    Of IPv4, because nothing translates IPv6.
    """
    if not (own.birthday and remote.birthday) or own.symmetric == remote.symmetric or own.deaf or remote.deaf:
        return None
    seen = [address for kind, address in remote.candidates if kind is Kind.REFLEXIVE and not is_ipv6(address)]
    if len({host for host, _ in seen}) != 1 or not is_plausible(seen[0]):
        return None
    return seen[0]
