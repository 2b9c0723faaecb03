"""Finds out what the NAT before us does, by asking STUN servers (RFC 5780, sections 4.2 to 4.4). Pure.

    LOOK    ask every server where it sees us, all from one port        -> NAT or not, mapping, port kept
    KNOCK   ask one that has two addresses to answer from elsewhere     -> filtering
            and ask ourselves, at our outer address, from another port  -> hairpinning
    SPREAD  ask that server's other addresses too                       -> which kind of dependent mapping
    DONE

A step ends when all its questions are settled, or after 3.5 s. KNOCK comes before SPREAD, because what we
send to an address opens the filter for it. How long a mapping lives is not asked: it takes minutes, and
our paths say something every few seconds anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NamedTuple

from tunnel.nat.behaviour import Behaviour, FilteringKind, mapping_kind
from tunnel.nat.stun import TRANSACTION, Address, Kind, Message, StunError, build, parse

# RFC 8489, 6.2.1: again after 500 ms, then twice as long each time. The RFC sends seven times and gives up
# after 39.5 s; three times lose one question in a thousand on a line that loses a tenth, and a line whose
# answers take longer than 3.5 s plays no game.
TRIES_MS: Final = (0.0, 500.0, 1_500.0)
PATIENCE_MS: Final = 3_500.0
# One person's relays (ten at most) and two or three public servers; each costs six datagrams at most.
MAX_SERVERS: Final = 12
# What a server adds to its answer (three IPv6 addresses and a CRC are 100 bytes) fits under our question.
REQUEST_BYTES: Final = 100

Draw = Callable[[int], bytes]


class Step(Enum):
    LOOK = auto()
    KNOCK = auto()
    SPREAD = auto()
    DONE = auto()


class Probe(NamedTuple):
    """Send `data` there: from the first socket, or from the second."""

    destination: Address
    data: bytes
    second: bool


class _Ask(Enum):
    """What a question wants, and thereby who may answer it."""

    WHERE_AM_I = auto()
    FROM_ANOTHER_HOST = auto()
    FROM_ANOTHER_PORT = auto()
    HAIRPIN = auto()


@dataclass(slots=True)
class _Question:
    ask: _Ask
    destination: Address
    data: bytes
    asked: float
    tries: int = 0
    settled: bool = False
    answer: Message | None = None  # stays None if the server refused

    def due(self) -> float:
        waits = not self.settled and self.tries < len(TRIES_MS)
        return self.asked + TRIES_MS[self.tries] if waits else float("inf")

    def may_come_from(self, source: Address) -> bool:
        same_host, same_port = source[0] == self.destination[0], source[1] == self.destination[1]
        match self.ask:
            case _Ask.WHERE_AM_I:
                return same_host and same_port
            case _Ask.FROM_ANOTHER_HOST:
                return not same_host
            case _Ask.FROM_ANOTHER_PORT:
                return same_host and not same_port
            case _Ask.HAIRPIN:
                return True  # through the NAT it may look like anything


class Survey:
    """One survey for one version of IP. After `start` and after each call with `now`, send what `take_due`
    returns; call `handle_timeout` at `next_timeout`; `receive` all that comes. `behaviour` grows meanwhile.

    servers  each asked once per step, the first twelve
    own      the addresses of the first socket, to know a NAT by; none: every answer means a NAT
    draw     draw(n) is n random bytes
    second   whether there is a second socket; without it hairpinning stays unknown
    """

    def __init__(
        self, servers: Iterable[Address], own: Iterable[Address], draw: Draw, *, second: bool = True
    ) -> None:
        self.counters: Counter[str] = Counter()
        self.step = Step.LOOK
        self._servers = tuple(dict.fromkeys(servers))[:MAX_SERVERS]
        self._own = frozenset(own)
        self._draw = draw
        self._second = second
        self._questions: dict[bytes, _Question] = {}
        self._step_ends = float("inf")
        self._seen_from: dict[Address, Address] = {}
        self._other: tuple[Address, Address] | None = None  # a server, and its OTHER-ADDRESS
        self._filtering = FilteringKind.UNKNOWN
        self._hairpins: bool | None = None

    def start(self, now: float) -> None:
        """Once."""
        self._enter(Step.LOOK, now)
        self._move_on(now)

    @property
    def behaviour(self) -> Behaviour:
        """What is known by now."""
        seen = tuple(dict.fromkeys(self._seen_from.values()))
        nat = self._nat()
        return Behaviour(
            udp=bool(seen),
            nat=nat,
            mapping=mapping_kind(self._seen_from, nat=nat is not False),
            filtering=self._filtering,
            hairpins=self._hairpins,
            keeps_port={port for _, port in seen} <= {port for _, port in self._own} if seen else None,
            seen=seen,
        )

    def take_due(self, now: float) -> list[Probe]:
        """What to send now."""
        probes = []
        for question in self._questions.values():
            if now >= question.due():
                question.tries += 1
                probes.append(Probe(question.destination, question.data, question.ask is _Ask.HAIRPIN))
        return probes

    def receive(self, data: bytes, source: Address, now: float) -> bool:
        """Any datagram at either socket. True if it settled a question of ours; others are counted."""
        try:
            message = parse(data)
        except StunError:
            self.counters["malformed"] += 1
            return False
        question = self._questions.get(message.transaction)
        if question is None or question.settled:
            self.counters["unasked"] += 1
            return False
        hairpin = question.ask is _Ask.HAIRPIN
        if hairpin != (message.kind is Kind.REQUEST) or not question.may_come_from(source):
            # A server that ignores where it was asked to answer from has told us nothing about the filter.
            self.counters["stranger"] += 1
            return False
        self._settle(question, message)
        self._move_on(now)
        return True

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout`; None when done."""
        if self.step is Step.DONE:
            return None
        return min([self._step_ends, *(question.due() for question in self._questions.values())])

    def handle_timeout(self, now: float) -> None:
        """Harmless at any time."""
        self._move_on(now)

    def _settle(self, question: _Question, message: Message) -> None:
        question.settled = True
        if message.kind is Kind.ERROR:
            self.counters["refused"] += 1
            return
        question.answer = message
        seen = message.xor_mapped or message.mapped
        if question.ask is not _Ask.WHERE_AM_I or seen is None or not _is_like(seen, question.destination):
            return
        self._seen_from[question.destination] = seen
        other = message.other_address
        if self._other is None and other is not None and self._can_test(question.destination, other):
            self._other = (question.destination, other)

    def _can_test(self, server: Address, other: Address) -> bool:
        """Whether a server's second address helps: one that we ask anyway has no closed filter before it."""
        return (
            _is_like(other, server) and other[1] != server[1] and all(other[0] != s for s, _ in self._servers)
        )

    def _move_on(self, now: float) -> None:
        done = all(question.settled for question in self._questions.values())
        while self.step is not Step.DONE and (done or now >= self._step_ends):
            if self.step is Step.KNOCK:
                self._judge_knocks()
            self._enter(_AFTER[self.step], now)
            done = not self._questions

    def _enter(self, step: Step, now: float) -> None:
        self.step = step
        self._step_ends = now + PATIENCE_MS
        self._questions = {}
        if step is Step.LOOK:
            for server in self._servers:
                self._ask(_Ask.WHERE_AM_I, server, now)
        elif step is Step.KNOCK:
            self._knock(now)
        elif step is Step.SPREAD and self._other is not None:
            (_, port), (host, other_port) = self._other
            for destination in ((host, port), (host, other_port)):
                self._ask(_Ask.WHERE_AM_I, destination, now)

    def _knock(self, now: float) -> None:
        if self._other is not None:
            self._ask(_Ask.FROM_ANOTHER_HOST, self._other[0], now)
            self._ask(_Ask.FROM_ANOTHER_PORT, self._other[0], now)
        if self._second and self._nat() and self._seen_from:
            self._ask(_Ask.HAIRPIN, next(iter(self._seen_from.values())), now)

    def _ask(self, ask: _Ask, destination: Address, now: float) -> None:
        request = Message(
            kind=Kind.REQUEST,
            transaction=self._draw(TRANSACTION),
            change_ip=ask is _Ask.FROM_ANOTHER_HOST,
            change_port=ask in (_Ask.FROM_ANOTHER_HOST, _Ask.FROM_ANOTHER_PORT),
        )
        data = build(request, length=REQUEST_BYTES)
        self._questions[request.transaction] = _Question(ask, destination, data, now)

    def _judge_knocks(self) -> None:
        knocks = {question.ask: question for question in self._questions.values()}
        host, port = knocks.get(_Ask.FROM_ANOTHER_HOST), knocks.get(_Ask.FROM_ANOTHER_PORT)
        if host is not None and port is not None:
            if host.answer is not None:
                self._filtering = FilteringKind.ENDPOINT_INDEPENDENT
            elif port.answer is not None:
                self._filtering = FilteringKind.ADDRESS_DEPENDENT
            elif not (host.settled or port.settled):
                self._filtering = FilteringKind.ADDRESS_AND_PORT_DEPENDENT
        if _Ask.HAIRPIN in knocks:
            self._hairpins = knocks[_Ask.HAIRPIN].answer is not None

    def _nat(self) -> bool | None:
        if not self._seen_from:
            return None
        return not set(self._seen_from.values()) <= self._own


def _is_like(told: Address, asked: Address) -> bool:
    """Whether a told address is one that the socket which asked could be used with."""
    return told[1] > 0 and (":" in told[0]) == (":" in asked[0])


_AFTER: Final = {Step.LOOK: Step.KNOCK, Step.KNOCK: Step.SPREAD, Step.SPREAD: Step.DONE}
