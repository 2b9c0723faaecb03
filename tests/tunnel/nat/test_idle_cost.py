"""What two ends send that can never succeed, in hours of virtual time. Nothing arrives but their notes."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from tunnel.nat import birthday, stun
from tunnel.nat.agent import Agent
from tunnel.nat.events import Found, Rested, Transmit
from tunnel.nat.stun import Address, Message

HOURS = 6
LIMIT = 200.0  # bytes a second
DEAREST_ROUND = 18_500
# A note is sealed (12 + 16 + 65 bytes at most) and framed by a relay, and goes over three of them.
NOTE_EXTRA, RELAYS = 100, 3

SERVERS: list[Address] = [
    *[(f"198.51.100.{n}", 3_478) for n in range(1, 5)],
    *[(f"2001:db8:5::{n}", 3_478) for n in range(1, 5)],
]


def many(net: int) -> list[Address]:
    """As many addresses as an end may offer."""
    v4, v6 = [f"203.0.{net}.{n}" for n in range(1, 9)], [f"2001:db8:{net}::{n}" for n in range(1, 9)]
    return [(host, 47_000) for host in (*v4, *v6)]


def few(net: int) -> list[Address]:
    return [(f"192.168.{net}.2", 47_000), (f"2001:db8:{net}::2", 47_000)]


class End:
    def __init__(self, net: int, hosts: list[Address], *, answered: bool, guesses: bool) -> None:
        allowed = birthday.allowance() if guesses else None
        dice = random.Random(net)
        self.agent = Agent(controlling=net == 1, random=dice.randbytes, now=0, birthday=allowed)
        self.agent.set_hosts(hosts, 0)
        self.agent.set_servers(SERVERS)
        self.other: End | None = None
        self.net = net
        self.bytes = 0
        self.at_rests: list[int] = []
        self._answered = answered

    def settle(self, now: float) -> None:
        for transmit in self.agent.transmits():
            self.bytes += len(transmit.data) + (48 if ":" in transmit.address[0] else 28)
            if transmit.address in SERVERS and self._answered:
                self._answer(transmit, now)
        for body in self.agent.signals(now):
            self.bytes += RELAYS * (len(body) + NOTE_EXTRA)
            if self.other is not None:
                self.other.agent.signal_came(body, now)
        for event in self.agent.events():
            assert not isinstance(event, Found)
            if isinstance(event, Rested):
                self.at_rests.append(self.bytes)

    def _answer(self, question: Transmit, now: float) -> None:
        """The first end's router gives every destination another port."""
        port = 40_000 + (SERVERS.index(question.address) if self.net == 1 else 0)
        host = "2001:db8:9::1" if ":" in question.address[0] else f"203.0.113.{self.net}"
        seen = Message(
            kind=stun.Kind.SUCCESS,
            transaction=stun.parse(question.data).transaction,
            xor_mapped=(host, port),
        )
        self.agent.receive(stun.build(seen), question.address, now)


def run(*ends: End) -> None:
    now = 0.0
    for end in ends:
        end.agent.start(now)
    while now <= HOURS * 3_600_000:
        for end in ends:
            end.agent.handle_timeout(now)
            end.settle(now)
        now = max(now + 1, min(end.agent.next_timeout() for end in ends))


@pytest.mark.parametrize("guesses", [False, True])
@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("hosts", [few, many])
def test_trying_for_ever_costs_less_than_two_hundred_bytes_a_second(
    hosts: Callable[[int], list[Address]], answered: bool, guesses: bool
) -> None:
    ends = [End(net, hosts(net), answered=answered, guesses=guesses) for net in (1, 2)]
    ends[0].other, ends[1].other = ends[1], ends[0]
    run(*ends)
    for end in ends:
        assert 0 < end.bytes / (HOURS * 3_600) < LIMIT


def test_an_end_whose_other_end_never_says_anything_costs_far_less() -> None:
    end = End(1, many(1), answered=False, guesses=True)
    run(end)
    assert end.bytes / (HOURS * 3_600) < LIMIT / 3


def test_a_patient_round_costs_what_its_comment_says() -> None:
    ends = [End(net, many(net), answered=False, guesses=False) for net in (1, 2)]
    ends[0].other, ends[1].other = ends[1], ends[0]
    run(*ends)
    later = ends[0].at_rests[5:]
    rounds = [after - before for before, after in itertools.pairwise(later)]
    notes = 2 * RELAYS * (347 + NOTE_EXTRA)
    assert len(rounds) > 50
    assert 17_000 < sorted(rounds)[len(rounds) // 2] < DEAREST_ROUND + notes
