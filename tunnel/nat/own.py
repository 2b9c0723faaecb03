"""Where this end may be reached: its own addresses, what its router keeps open, and how servers see it."""

from __future__ import annotations

from collections.abc import Iterable

from tunnel.nat.candidates import Candidate, Kind, best_first, is_ipv6, is_plausible
from tunnel.nat.gathering import Gathering, Random
from tunnel.nat.stun import Address, Message


class OwnAddresses:
    """`now` in milliseconds. `loopback`: this machine's own addresses count too."""

    def __init__(self, random: Random, *, loopback: bool) -> None:
        self._loopback = loopback
        self._hosts: tuple[Address, ...] = ()
        self._mapped: tuple[Address, ...] = ()
        self._servers: tuple[Address, ...] = ()
        self._gathering = Gathering(random)

    def set_hosts(self, addresses: Iterable[Address]) -> bool:
        """The addresses of our socket. Returns whether they have changed."""
        before, self._hosts = self._hosts, self._plausible(addresses)
        return self._hosts != before

    @property
    def hosts(self) -> tuple[Address, ...]:
        """Those of our socket."""
        return self._hosts

    def set_mapped(self, addresses: Iterable[Address]) -> None:
        """What the router keeps open for it."""
        self._mapped = self._plausible(addresses)

    def set_servers(self, servers: Iterable[Address]) -> None:
        """Whom to ask, from the next `ask` on."""
        self._servers = tuple(servers)

    def ask(self, now: float) -> None:
        """Asks the servers that our socket can reach, anew."""
        self._gathering.begin([each for each in self._servers if self.can_reach(each)], now)

    @property
    def asked(self) -> float:
        """When they were last asked."""
        return self._gathering.began

    @property
    def answers(self) -> int:
        """How many servers have said how they see us."""
        return self._gathering.answers

    def take_questions(self, now: float) -> list[tuple[Address, bytes]]:
        """What to send to the servers now."""
        return self._gathering.take_due(now)

    def answered(self, message: Message, source: Address) -> bool:
        """Whether this answers a question of ours."""
        return self._gathering.answered(message, source)

    @property
    def versions(self) -> frozenset[bool]:
        """Of IP that our sockets speak; IPv6 is True."""
        return frozenset(is_ipv6(own) for own in self._hosts)

    def can_reach(self, address: Address) -> bool:
        """Whether our socket speaks that version of IP."""
        return is_ipv6(address) in self.versions

    def candidates(self) -> tuple[Candidate, ...]:
        """All of it, the best in front; at most sixteen."""
        reflexive = self._plausible(self._gathering.reflexive)
        return best_first(
            [
                *[Candidate(Kind.HOST, address) for address in self._hosts],
                *[Candidate(Kind.MAPPED, address) for address in self._mapped],
                *[Candidate(Kind.REFLEXIVE, address) for address in reflexive],
            ]
        )

    @property
    def symmetric(self) -> bool:
        """Whether our network gives every destination another port."""
        return self._gathering.symmetric

    @property
    def confirmed(self) -> bool:
        """Whether servers agree which host of IPv4 we are."""
        return self._gathering.confirmed

    def deaf(self, now: float) -> bool:
        """Whether no server answers."""
        return self._gathering.deaf(now)

    def next_timeout(self) -> float:
        """When `take_questions` has something; infinity if nothing is awaited."""
        return self._gathering.next_timeout()

    def _plausible(self, addresses: Iterable[Address]) -> tuple[Address, ...]:
        return tuple(each for each in addresses if is_plausible(each, loopback=self._loopback))
