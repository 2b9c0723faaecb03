"""How the world sees our socket: asks STUN servers, from the very socket that is to be reached.

A server is a stranger. It can only say wrong things, and what it says is one candidate more that answers no
check. Nobody else can answer for it: the answer must name the question's 96 random bits and come from the
address that was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tunnel.nat import stun
from tunnel.nat.candidates import is_ipv6
from tunnel.nat.stun import Address, Message

# Two different answers show that a network gives every destination another port; a third and a fourth are
# for the servers that are down.
MAX_SERVERS: Final = 4  # of each version of IP
# RFC 8489, 6.2.1 begins with 500 ms, and allows less. This is for the first second of a session.
_TRIES_MS: Final = (0.0, 200.0, 600.0, 1_400.0)
_PATIENCE_MS: Final = 3_000.0
# What is at stake is a thousand packets to the host they name (birthday.py).
_WITNESSES: Final = 2
# What a server may add to its answer (RFC 5780) then fits under the length of our question.
_LENGTH: Final = 100

Random = Callable[[int], bytes]


@dataclass(slots=True)
class _Question:
    transaction: bytes
    asked: float
    before: Address | None = None  # what it saw when it was asked the time before
    tries: int = 0
    seen: Address | None = None

    def due(self) -> float:
        if self.seen is not None or self.tries >= len(_TRIES_MS):
            return float("inf")
        return self.asked + _TRIES_MS[self.tries]

    @property
    def known(self) -> Address | None:
        """What it sees; while it is asked anew, what it saw."""
        return self.seen or (self.before if self.tries < len(_TRIES_MS) else None)


class Gathering:
    """One round of questions at a time. `now` in milliseconds."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._questions: dict[Address, _Question] = {}
        self.began = float("-inf")  # when they were last asked

    def begin(self, servers: Iterable[Address], now: float) -> None:
        """Asks these, anew; at most four of each version of IP. Until they answer, what they saw still
        counts: to ask is no news.
        """
        before = {server: question.seen for server, question in self._questions.items()}
        self._questions = {}
        self.began = now
        counts = {False: 0, True: 0}
        for server in dict.fromkeys(servers):
            counts[is_ipv6(server)] += 1
            if counts[is_ipv6(server)] <= MAX_SERVERS:
                transaction = self._random(stun.TRANSACTION)
                self._questions[server] = _Question(transaction, now, before.get(server))

    def take_due(self, now: float) -> list[tuple[Address, bytes]]:
        """The questions to send now, each with where to."""
        due = []
        for server, question in self._questions.items():
            if now >= question.due():
                question.tries += 1
                request = Message(kind=stun.Kind.REQUEST, transaction=question.transaction)
                due.append((server, stun.build(request, length=_LENGTH)))
        return due

    def answered(self, message: Message, source: Address) -> bool:
        """Whether this answers a question that is open."""
        question = self._questions.get(source)
        seen = message.xor_mapped or message.mapped
        if question is None or question.transaction != message.transaction or seen is None:
            return False
        if question.seen is not None:
            return False
        question.seen = seen
        if question.before not in (None, seen):
            self._forget_before()  # the router has begun anew, or is another one
        return True

    @property
    def reflexive(self) -> tuple[Address, ...]:
        """Our addresses as they are seen, each once."""
        return tuple(dict.fromkeys(each.known for each in self._questions.values() if each.known is not None))

    @property
    def answers(self) -> int:
        """How many servers have said how they see us."""
        return sum(each.known is not None for each in self._questions.values())

    @property
    def symmetric(self) -> bool:
        """Whether servers saw one socket at different ports: another destination, another mapping.

        A server next door sees another address, not another port of the same one.
        """
        seen = self.reflexive
        return len({host for host, _ in seen}) < len(seen)

    @property
    def confirmed(self) -> bool:
        """Whether servers at two addresses at least name one host of IPv4 as ours, and none another.

        One alone may name whom it likes. Servers of IPv6 cannot see it: they only disagree.
        """
        seen = [(server, each.known) for server, each in self._questions.items() if each.known is not None]
        said = [(server, host) for server, (host, port) in seen if not is_ipv6((host, port))]
        witnesses = {server[0] for server, _ in said if not is_ipv6(server)}
        return len(witnesses) >= _WITNESSES and len({host for _, host in said}) == 1

    def deaf(self, now: float) -> bool:
        """Whether servers were asked, had time to answer, and none did."""
        return bool(self._questions) and now >= self.began + _PATIENCE_MS and not self.reflexive

    def next_timeout(self) -> float:
        """When a question is due; infinity if none is."""
        return min((question.due() for question in self._questions.values()), default=float("inf"))

    def _forget_before(self) -> None:
        for question in self._questions.values():
            question.before = None
