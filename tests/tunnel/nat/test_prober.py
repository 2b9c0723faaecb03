"""One end's checks alone. Both ends together, and strangers: test_agent.py."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from tunnel.nat import stun
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Checks, Credentials
from tunnel.nat.events import Transmit
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.pairs import State
from tunnel.nat.prober import PACE_MS, Prober
from tunnel.nat.stun import Address

HERE, THERE = Credentials(b"here", bytes(16)), Credentials(b"ther", bytes([7] * 16))
FIRST: Address = ("192.0.2.1", 1_000)
SECOND: Address = ("192.0.2.2", 2_000)
V4 = frozenset((False,))


@dataclass
class One:
    """A prober, and the other end's checks to answer it with."""

    prober: Prober
    other: Checks
    counters: Counter[str]

    def take(self) -> list[Transmit]:
        transmits, self.prober.transmits = self.prober.transmits, []
        return transmits


def one(*addresses: Address) -> One:
    counters: Counter[str] = Counter()
    checks = Checks(HERE, controlling=True, tie_breaker=1)
    prober = Prober(checks, random.Random(1).randbytes, counters, controlling=True, loopback=False)
    if addresses:
        candidates = tuple(Candidate(Kind.HOST, address) for address in addresses)
        prober.offered(Offer(Edition(1, 0), NEVER, THERE, candidates), V4, 0)
    return One(prober, Checks(THERE, controlling=False, tie_breaker=2), counters)


def test_before_the_other_end_has_offered_anything_nothing_is_checked() -> None:
    end = one()
    end.prober.check(0)
    assert end.take() == []
    assert end.prober.next_timeout() == float("inf")


def test_checks_leave_one_at_a_time() -> None:
    end = one(FIRST, SECOND)
    end.prober.check(0)
    end.prober.check(PACE_MS - 1)
    assert len(end.take()) == 1
    assert end.prober.next_timeout() == PACE_MS
    end.prober.check(PACE_MS)
    assert len(end.take()) == 1


def test_what_answers_a_check_is_valid_and_known() -> None:
    end = one(FIRST)
    end.prober.check(0)
    [(to, data, _)] = end.take()
    assert not end.prober.knows(to, 0)
    answer = end.other.answer(stun.parse(data), FIRST)
    end.prober.answer_came(stun.parse(answer), answer, FIRST, 40)
    assert end.prober.knows(to, 0)
    assert [pair.state for pair in end.prober.pairs] == [State.VALID]


def test_a_check_from_a_new_address_is_answered_and_the_address_checked() -> None:
    end = one(FIRST)
    data = end.other.request(HERE, SECOND, bytes(12), nominate=False)
    end.prober.check_came(stun.parse(data), data, SECOND, 0)
    answer, check = end.take()
    assert answer.address == check.address == SECOND
    assert stun.parse(answer.data).kind is stun.Kind.SUCCESS
    assert stun.parse(check.data).kind is stun.Kind.REQUEST


def test_addresses_of_a_version_of_ip_we_do_not_speak_are_left_alone() -> None:
    end = one(("2001:db8::1", 1_000), FIRST)
    assert [pair.address for pair in end.prober.pairs] == [FIRST]


def test_nobody_is_met_before_there_is_a_path() -> None:
    end = one(FIRST)
    end.prober.meet(SECOND, 200, 0)
    assert end.take() == []
