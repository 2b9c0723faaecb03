"""Two agents in a network of routers, with relays between them that carry their notes late or never.

Each kind of network a person may sit in is one line of `KINDS`; which pairs of them can be joined is what the
literature says (tunnel.md 2.1: endpoint-independent NATs can be punched, two that depend on the destination
cannot without guessing ports).
"""

from __future__ import annotations

import enum
import random
from functools import partial
from typing import Final

from bench.world.natnet import Depends, Manners, Net, Realm, Router
from tunnel.nat import birthday, stun
from tunnel.nat.agent import Agent
from tunnel.nat.events import Event, Found
from tunnel.nat.stun import Address, Message

_PORT: Final = 47_000
_SERVERS: Final = (("198.51.100.1", 3478), ("198.51.100.2", 3478), ("2001:db8:5::1", 3478))
_PROBE: Final = b"\x13" + bytes(199)  # a datagram of a session, as far as an agent can tell
_PROBE_EVERY_MS: Final = 100.0  # as often as somebody plays
_NOTES_LOST: Final = 0.02  # share


class Network(enum.StrEnum):
    """What somebody is behind."""

    NONE = "no NAT"
    FULL_CONE = "full cone"
    ADDRESS = "address-restricted"
    PORT = "port-restricted"
    SYMMETRIC = "symmetric"
    CARRIER = "carrier-grade"
    DROPPED = "UDP dropped"
    IPV6 = "IPv6 only"


_HOME: Final = {
    Network.FULL_CONE: Manners(filtering=Depends.NOTHING),
    Network.ADDRESS: Manners(filtering=Depends.HOST),
    Network.PORT: Manners(preserves=True),
    Network.SYMMETRIC: Manners(mapping=Depends.HOST_AND_PORT),
    Network.CARRIER: Manners(preserves=True),
    Network.DROPPED: Manners(drops_udp=True),
}
_CARRIER_OUTER: Final = Manners(filtering=Depends.HOST_AND_PORT, hairpin=True)  # RFC 6888 wants a hairpin
_FIREWALL: Final = Manners(translates=False)  # RFC 6092: what every home router does with IPv6


def can_succeed(one: Network, other: Network) -> bool:
    """Whether the literature says that these two can be joined directly, without guessing ports."""
    ends = {one, other}
    if Network.DROPPED in ends:
        return False
    if Network.IPV6 in ends:
        return ends <= {Network.IPV6, Network.NONE}
    if Network.SYMMETRIC in ends:
        return bool(ends & {Network.NONE, Network.FULL_CONE, Network.ADDRESS})
    return True


class Machine:
    """One end: an agent with up to one address of each version of IP."""

    def __init__(self, net: Net, *, controlling: bool, guesses: bool) -> None:
        self.agent = Agent(
            controlling=controlling,
            random=net.dice.randbytes,
            now=net.now,
            birthday=birthday.allowance() if guesses else None,
        )
        self.said: list[Event] = []
        self.first_ms: float | None = None  # when the first datagram of the other end came
        self.last_ms = float("-inf")  # and the latest
        self.other: Machine
        self.cut = False  # its own socket takes nothing any more
        self._net = net
        self._places: dict[bool, tuple[Realm, Address]] = {}
        self._playing = False

    def plug_in(self, realm: Realm, host: str) -> None:
        """It has this address from now on, instead of the one of that version it had."""
        address = (host, _PORT)
        before = self._places.get(":" in host)
        if before is not None:
            before[0].hosts.pop(before[1][0], None)
        self._places[":" in host] = (realm, address)
        self._net.attach(realm, host, self._receive)
        self.agent.set_hosts([place[1] for place in self._places.values()], self._net.now)
        self.agent.set_servers(_SERVERS)

    def settle(self) -> None:
        """Does what the agent wants done; see its law of use."""
        for to, data, via in self.agent.transmits():
            self.send(to, data, via)
        for body in self.agent.signals(self._net.now):
            self._signal(body)
        for event in self.agent.events():
            self.said.append(event)
            if isinstance(event, Found) and not self._playing:
                self._playing = True
                self._play()

    def send(self, to: Address, data: bytes, via: int = 0) -> None:
        """Puts a packet on the network, from the socket of this number."""
        place = self._places.get(":" in to[0])
        if place is not None:
            realm, (host, port) = place
            self._net.send(realm, (host, port + via), to, data)

    def _play(self) -> None:
        """A datagram, and soon the next one."""
        self._playing = self.agent.selected is not None
        if self.agent.selected is not None:
            self.send(self.agent.selected, _PROBE, self.agent.via)
            self._net.later(_PROBE_EVERY_MS, self._play)

    def _receive(self, data: bytes, source: Address, to: Address) -> None:
        now, via = self._net.now, to[1] - _PORT
        if self.cut:
            return
        if stun.is_stun(data):
            self.agent.receive(data, source, now, via)
        elif self.agent.accepts(source, len(data), now, via):
            self.first_ms = now if self.first_ms is None else self.first_ms
            self.last_ms = now
        self.settle()

    def _signal(self, body: bytes) -> None:
        """Over the relays: slower than the direct way, and now and then lost."""
        if self._net.dice.random() >= _NOTES_LOST:
            self._net.later(self._net.dice.uniform(40, 80), lambda: self.other.hear(body))

    def hear(self, body: bytes) -> None:
        """A note has come."""
        self.agent.signal_came(body, self._net.now)
        self.settle()


class NatPair:
    """Both of them. `one` controls. `guesses`: both agree to guess ports (tunnel/nat/birthday.py)."""

    def __init__(
        self, one: Network, other: Network, seed: int, *, loss: float = 0.01, guesses: bool = False
    ) -> None:
        self.net = Net(seed, loss=loss)
        self.routers: list[Router] = []
        for server in _SERVERS:
            self._serve(server)
        self.one = Machine(self.net, controlling=True, guesses=guesses)
        self.other = Machine(self.net, controlling=False, guesses=guesses)
        self.one.other, self.other.other = self.other, self.one
        for place, (machine, kind) in enumerate(((self.one, one), (self.other, other)), 1):
            self._house(machine, kind, place)

    def start(self, *, apart_ms: float = 30.0) -> None:
        """Their sessions connect, one a little after the other."""
        machines = [self.one, self.other]
        self.net.dice.shuffle(machines)
        for machine, wait in zip(machines, (0.0, self.net.dice.uniform(0, apart_ms)), strict=True):
            self.net.later(wait, partial(self._start, machine))

    def run(self, duration_ms: float, *, until_joined: bool = False) -> None:
        """Lets time pass."""
        self.net.run(
            duration_ms,
            next_timeout=lambda: min(self.one.agent.next_timeout(), self.other.agent.next_timeout()),
            wake=self._wake,
            until=(lambda: self.joined) if until_joined else (lambda: False),
        )

    @property
    def joined(self) -> bool:
        """Whether a datagram has come through in each direction."""
        return self.one.first_ms is not None and self.other.first_ms is not None

    def _start(self, machine: Machine) -> None:
        machine.agent.start(self.net.now)
        machine.settle()

    def _wake(self) -> None:
        for machine in (self.one, self.other):
            if machine.agent.next_timeout() <= self.net.now:
                machine.agent.handle_timeout(self.net.now)
            machine.settle()

    def _serve(self, server: Address) -> None:
        def answer(data: bytes, source: Address, _: Address) -> None:
            asked = stun.parse(data)
            seen = Message(kind=stun.Kind.SUCCESS, transaction=asked.transaction, xor_mapped=source)
            self.net.send(self.net.internet, server, source, stun.build(seen))

        self.net.attach(self.net.internet, server[0], answer)

    def _house(self, machine: Machine, kind: Network, place: int) -> None:
        internet = self.net.internet
        if kind in (Network.NONE, Network.IPV6):
            firewall = self.router(internet, "", _FIREWALL)
            machine.plug_in(firewall.inside if kind is Network.IPV6 else internet, f"2001:db8:{place}::1")
        if kind is Network.NONE:
            machine.plug_in(internet, f"203.0.113.{place}")
        if kind in _HOME:
            above = internet
            host = f"203.0.113.{place}"
            if kind is Network.CARRIER:
                above, host = self.router(internet, host, _CARRIER_OUTER).inside, f"100.64.0.{place}"
            machine.plug_in(self.router(above, host, _HOME[kind]).inside, f"192.168.{place}.2")

    def router(self, above: Realm, host: str, manners: Manners) -> Router:
        """One more router."""
        router = Router(self.net, above, host, manners)
        self.routers.append(router)
        return router


def seeds(count: int, first: int = 1) -> list[int]:
    """Seeds that have nothing to do with each other."""
    dice = random.Random(first)
    return [dice.getrandbits(48) for _ in range(count)]
