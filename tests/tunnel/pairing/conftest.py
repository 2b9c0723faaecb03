"""Two machines that pair in a room where somebody may do anything. Virtual clock, one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from tunnel.identity import Identity
from tunnel.pairing.code import Code
from tunnel.pairing.exchange import Exchange
from tunnel.pairing.messages import Kind, Message
from tunnel.pairing.outcome import Paired
from tunnel.pairing.pake import Side

CODE = Code(412, ("crossword", "orbit"))
WRONG = Code(412, ("crossword", "zebra"))
MOST_STEPS = 2_000

# What becomes of a datagram on its way: who gets what instead. Names are those of `Room.members`.
Relay = Callable[[str, bytes], Iterable[tuple[str, bytes]]]


class Member:
    """One machine and what it has said and stored."""

    def __init__(
        self, side: Side, code: Code, seed: int, relays: tuple[str, ...], identity: Identity | None
    ) -> None:
        self.identity = identity or Identity(random.Random(seed).randbytes(32))
        self.exchange = Exchange(
            side, code, self.identity, relays, 0.0, random=random.Random(seed + 1000).randbytes
        )
        self.said: list[Message] = []
        self.stored: Paired | None = None
        self.stores = True  # False: its disk is full

    def kinds(self) -> list[Kind]:
        """What it said, repetitions left out."""
        return list(dict.fromkeys(message.kind for message in self.said))


@dataclass
class Room:
    """A relay's room on a clock of its own. By default everybody gets what the others say, at once."""

    members: dict[str, Member] = field(default_factory=dict)
    now: float = 0.0
    relay: Relay | None = None

    def join(
        self,
        name: str,
        side: Side,
        code: Code = CODE,
        *,
        relays: tuple[str, ...] = ("wss://r.example",),
        identity: Identity | None = None,
    ) -> Member:
        self.members[name] = Member(side, code, len(self.members) + 1, relays, identity)
        return self.members[name]

    def meet(self, guest_code: Code = CODE) -> tuple[Member, Member]:
        """The usual two."""
        return self.join("host", Side.HOST), self.join("guest", Side.GUEST, guest_code)

    def run(self, until_ms: float = 700_000.0) -> None:
        """Lets them talk until everybody is through, or `until_ms`."""
        for _ in range(MOST_STEPS):
            while self._deliver():
                pass
            timeouts = [member.exchange.next_timeout() for member in self.members.values()]
            due = min([at for at in timeouts if at is not None], default=None)
            if due is None or due > until_ms:
                return
            self.now = max(self.now, due)
            for member in self.members.values():
                member.exchange.handle_timeout(self.now)
        raise AssertionError("they never come to an end")

    def _deliver(self) -> bool:
        """Everything that is to be said now; whether that was anything."""
        said = []
        for name, member in self.members.items():
            exchange = member.exchange
            if isinstance(exchange.outcome, Paired) and member.stored is None and member.stores:
                member.stored = exchange.outcome
                exchange.stored(self.now)
            for datagram in exchange.datagrams(self.now):
                member.said.append(Message.parse(datagram))
                said.append((name, datagram))
        for name, datagram in said:
            for to, changed in self.relay(name, datagram) if self.relay else self.to_all_but(name, datagram):
                self.members[to].exchange.receive(changed, self.now)
        return bool(said)

    def to_all_but(self, name: str, datagram: bytes) -> list[tuple[str, bytes]]:
        """What an honest relay does."""
        return [(other, datagram) for other in self.members if other != name]


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def code() -> Code:
    return CODE


@pytest.fixture
def wrong_code() -> Code:
    """The same plate, another word."""
    return WRONG
