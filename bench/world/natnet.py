"""A small internet with a seed: hosts, routers that translate addresses as badly as told, and virtual time.

It is a tree of *realms*. Every address lives in one realm; a realm other than the internet hangs below a
router that has an address in the realm above. A packet goes up until it finds the realm that knows its
destination, and down through the router that owns it, if that router lets it in.

What a router does is said in the terms of RFC 4787: what a mapping depends on, whom it lets in, and whether
it takes a packet from its own side back to its own side (a hairpin).
"""

from __future__ import annotations

import enum
import heapq
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tunnel.nat.stun import Address

START_MS: Final = 1_700_000_000_000.0


class Depends(enum.Enum):
    """On what of the destination a mapping, or a filter, depends (RFC 4787, 4.1 and 5)."""

    NOTHING = "endpoint-independent"
    HOST = "address-dependent"
    HOST_AND_PORT = "address and port-dependent"

    def part(self, address: Address) -> tuple[object, ...]:
        """The part of an address that counts."""
        return {Depends.NOTHING: (), Depends.HOST: address[:1], Depends.HOST_AND_PORT: address}[self]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a router behaves.

    translates  False: a firewall that keeps addresses as they are (IPv6)
    preserves   whether a mapping gets the port it had inside, if that is free
    lifetime_ms how long a mapping lives that nobody inside uses (RFC 4787: two minutes; many give 30 s)
    drops_udp   whether it lets no UDP through at all
    """

    mapping: Depends = Depends.NOTHING
    filtering: Depends = Depends.HOST_AND_PORT
    hairpin: bool = False
    preserves: bool = False
    lifetime_ms: float = 30_000.0
    drops_udp: bool = False
    translates: bool = True


@dataclass(slots=True)
class _Mapping:
    inside: Address
    outside: Address
    used: float
    called: dict[tuple[object, ...], float] = field(default_factory=dict)  # who may answer: when last called


Receive = Callable[[bytes, Address, Address], None]  # what came, from where, to which address of ours


class Realm:
    """Addresses that reach each other without a router. `router` leads up; the internet has none."""

    def __init__(self, router: Router | None = None) -> None:
        self.router = router
        self.hosts: dict[str, Receive | Router] = {}


class Router:
    """One router with one outer address. `inside` is the realm below it."""

    def __init__(self, net: Net, above: Realm, host: str, manners: Manners) -> None:
        self.manners = manners
        self.above = above
        self.inside = Realm(self)
        self._net = net
        self._host = host
        self._mappings: dict[tuple[object, ...], _Mapping] = {}
        if manners.translates:
            above.hosts[host] = self

    def forget(self) -> None:
        """It was switched off and on."""
        self._mappings.clear()

    def move(self, host: str) -> None:
        """The provider gives it another address."""
        del self.above.hosts[self._host]
        self._host = host
        self.above.hosts[host] = self
        self.forget()

    def outbound(self, source: Address, to: Address, data: bytes) -> None:
        """A packet from below."""
        if self.manners.drops_udp:
            self._net.counters["dropped by a router"] += 1
            return
        mapping = self._mapping(source, to)
        mapping.used = self._net.now
        mapping.called[self.manners.filtering.part(to)] = self._net.now
        if self.manners.translates and to[0] == self._host:
            if self.manners.hairpin:
                self.inbound(mapping.outside, to, data)
            else:
                self._net.counters["no hairpin"] += 1
            return
        self._net.route(self.above, mapping.outside, to, data)

    def inbound(self, source: Address, to: Address, data: bytes) -> None:
        """A packet from above, or from itself."""
        for mapping in self._mappings.values():
            if mapping.outside == to and self._lets_in(mapping, source):
                self._net.route(self.inside, source, mapping.inside, data)
                return
        self._net.counters["filtered"] += 1

    def _lets_in(self, mapping: _Mapping, source: Address) -> bool:
        called = mapping.called.get(self.manners.filtering.part(source), float("-inf"))
        return not self.manners.drops_udp and self._net.now - called < self.manners.lifetime_ms

    def _mapping(self, source: Address, to: Address) -> _Mapping:
        key = (source, *self.manners.mapping.part(to))
        mapping = self._mappings.get(key)
        if mapping is None or self._net.now - mapping.used >= self.manners.lifetime_ms:
            outside = (self._host, self._port(source[1])) if self.manners.translates else source
            mapping = self._mappings[key] = _Mapping(source, outside, self._net.now)
        return mapping

    def _port(self, wanted: int) -> int:
        taken = {mapping.outside[1] for mapping in self._mappings.values()}
        port = wanted if self.manners.preserves else 0
        while port in taken or not port:
            port = self._net.dice.randrange(1_024, 65_536)
        return port


class Net:
    """The network, its clock and its dice.

    delay_ms  one way between any two realms' hosts, half of it to all of it
    loss      share of packets that vanish
    """

    def __init__(self, seed: int, *, delay_ms: float = 40.0, loss: float = 0.0) -> None:
        self.now = START_MS
        self.dice = random.Random(seed)
        self.counters: Counter[str] = Counter()
        self.internet = Realm()
        self.bytes_sent = 0
        self._delay_ms = delay_ms
        self._loss = loss
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0

    def attach(self, realm: Realm, host: str, receive: Receive) -> None:
        """A machine at this address; `receive` gets what comes, from where, and to which of its ports.

        Below firewalls that keep addresses as they are, the machine is known up to the internet.
        """
        realm.hosts[host] = receive
        while realm.router is not None and not realm.router.manners.translates:
            realm.router.above.hosts[host] = realm.router
            realm = realm.router.above

    def send(self, realm: Realm, source: Address, to: Address, data: bytes) -> None:
        """A machine in `realm` sends a packet: it is lost, or routed a little later."""
        self.bytes_sent += len(data) + (48 if ":" in to[0] else 28)  # with the headers of UDP and IP
        if self.dice.random() < self._loss:
            self.counters["lost"] += 1
            return
        self.later(self._delay_ms * self.dice.uniform(0.5, 1), lambda: self.route(realm, source, to, data))

    def route(self, realm: Realm, source: Address, to: Address, data: bytes) -> None:
        """One step: to whoever has the address here, or up."""
        there = realm.hosts.get(to[0])
        if isinstance(there, Router) and there is not realm.router:
            there.inbound(source, to, data)
        elif there is not None and not isinstance(there, Router):
            there(data, source, to)
        elif realm.router is not None:
            realm.router.outbound(source, to, data)
        else:
            self.counters["nobody there"] += 1

    def later(self, wait_ms: float, action: Callable[[], None]) -> None:
        """Does this in so many milliseconds."""
        self._serial += 1
        heapq.heappush(self._queue, (self.now + wait_ms, self._serial, action))

    def run(
        self,
        duration_ms: float,
        *,
        next_timeout: Callable[[], float],
        wake: Callable[[], None],
        until: Callable[[], bool] = lambda: False,
        steps: int = 1_000_000,
    ) -> None:
        """Lets time pass, from one moment at which something happens to the next, in at most so many steps.

        next_timeout, wake  when the machines want to be woken, and how
        until               ends it early
        """
        end = self.now + duration_ms
        while not until():
            moment = min(self._queue[0][0] if self._queue else float("inf"), next_timeout())
            if moment > end:
                self.now = end
                return
            steps -= 1
            if not steps:
                raise AssertionError("the network does not come to rest")
            self.now = max(self.now, moment)
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            wake()
