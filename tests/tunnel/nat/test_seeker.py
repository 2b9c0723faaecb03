"""What both agents do alike, seen through each of them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tunnel.nat import stun
from tunnel.nat.agent import Agent
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer, parse
from tunnel.nat.search import ROUND_MS, Stage
from tunnel.nat.stun import Address, Message
from tunnel.nat.tcp.agent import TcpAgent

ONE: Address = ("192.0.2.1", 1_000)
SERVER: Address = ("198.51.100.1", 3_478)
SEEN: Address = ("203.0.113.1", 40_000)
PEER = Credentials(b"abcd", bytes(16))

Seeker = Agent | TcpAgent
Make = Callable[..., Seeker]


def over_udp(now: float = 0, before: Offer | None = None, *, controlling: bool = True) -> Agent:
    return Agent(controlling=controlling, random=random.Random(now).randbytes, now=now, before=before)


def over_tcp(now: float = 0, before: Offer | None = None, *, controlling: bool = True) -> TcpAgent:
    return TcpAgent(
        controlling=controlling,
        random=random.Random(now).randbytes,
        now=now,
        before=before,
        delay_ms=lambda: 40.0,
    )


@pytest.fixture(params=[over_udp, over_tcp])
def make(request: pytest.FixtureRequest) -> Make:
    one: Make = request.param
    return one


def offer(*hosts: str, attempt: int = 1, revision: int = 1) -> bytes:
    some = tuple(Candidate(Kind.HOST, (host, 4)) for host in hosts)
    return Offer(Edition(attempt, revision), NEVER, PEER, some).pack()


def started(make: Make) -> Seeker:
    one = make()
    one.set_hosts([ONE], 0)
    one.start(0)
    return one


def stage(one: Seeker) -> Stage:
    return one._search.stage


def rest(one: Seeker, now: float) -> float:
    """Lets time pass until it rests; returns when that is."""
    while stage(one) is not Stage.RESTING:
        now += 50
        one.handle_timeout(now)
        one.signals(now)
    return now


def asked(one: Seeker) -> list[tuple[Address, bytes]]:
    if isinstance(one, TcpAgent):
        return one.questions()
    return [(address, data) for address, data, _ in one.transmits()]


def test_what_is_heard_while_we_look_anyway_does_not_keep_us_asleep_later(make: Make) -> None:
    """Hosts, mapping, servers: the offers of one search of the other end. Then it begins anew."""
    one, now = started(make), 0.0
    for revision in range(1, 7):
        now += 200
        one.signal_came(offer(f"198.51.100.{revision}", revision=revision), now)
    now = rest(one, now) + 1_000
    one.signal_came(offer("198.51.100.9", attempt=99), now)
    assert stage(one) is Stage.LOOKING


@pytest.mark.parametrize("anew", [False, True])
def test_it_is_patient_with_an_end_it_knows_and_not_with_one_that_began_anew(make: Make, anew: bool) -> None:
    one = started(make)
    one.signal_came(offer("198.51.100.9"), 0)
    began = rest(one, 0)
    one.signal_came(offer("198.51.100.9", attempt=1 + anew, revision=9), began)
    assert rest(one, began) - began == pytest.approx((3 if anew else 1) * ROUND_MS, abs=100)


def test_it_is_woken_four_times_at_once_and_once_a_minute_then(make: Make) -> None:
    one, now, woken = started(make), 0.0, 0
    for revision in range(1, 200):
        now = rest(one, now)
        one.signal_came(offer("198.51.100.9", revision=revision), now)
        woken += stage(one) is Stage.LOOKING
        if stage(one) is Stage.RESTING:
            now += 1_000
            one._search._deadline = float("inf")  # only the other end could wake it
    assert 4 <= woken <= 4 + 1 + now / 60_000


def test_the_addresses_that_a_brief_letter_left_out_are_tried_when_the_whole_one_comes(make: Make) -> None:
    one = started(make)
    one.signal_came(offer("198.51.100.1"), 0)
    one.signal_came(offer("198.51.100.1", "198.51.100.2"), 10)
    one.signal_came(offer("198.51.100.1"), 20)
    assert {each.address[0] for each in one.tried} == {"198.51.100.1", "198.51.100.2"}


def test_an_offer_that_is_said_again_ends_no_rest(make: Make) -> None:
    one = started(make)
    one.signal_came(offer("198.51.100.1"), 0)
    now = rest(one, 0)
    again = bytearray(offer("198.51.100.1"))
    again[1] |= 1  # it asks
    one.signal_came(bytes(again), now)
    assert stage(one) is Stage.RESTING
    assert one.signals(now)  # but is answered


def test_where_only_the_other_end_began_anew_our_offer_is_no_new_attempt(make: Make) -> None:
    """Or each end would take the other's restart for a reason to restart, without end."""
    first = make(0)
    second = make(90_000, first.offered)
    assert second.offered.credentials == first.offered.credentials
    assert second.offered.edition.attempt == first.offered.edition.attempt
    assert second.offered.edition > first.offered.edition
    third = make(90_000)
    assert third.offered.edition.attempt != first.offered.edition.attempt
    assert third.offered.credentials != first.offered.credentials


def test_all_that_is_known_of_this_end_is_offered_at_once(make: Make) -> None:
    one = make()
    one.set_servers([SERVER])
    one.set_hosts([ONE], 0)
    one.start(0)
    [(to, question)] = asked(one)
    one.set_mapped([("203.0.113.1", 47_000)], 1)
    seen = Message(kind=stun.Kind.SUCCESS, transaction=stun.parse(question).transaction, xor_mapped=SEEN)
    if isinstance(one, TcpAgent):
        one.stun_came(seen, to, 2)
    else:
        one.receive(stun.build(seen), to, 2)
    [body] = one.signals(2)
    assert {candidate.address for candidate in parse(body).candidates} == {ONE, ("203.0.113.1", 47_000), SEEN}
    assert one.answers == 1


def test_new_addresses_of_our_own_begin_a_search_and_the_same_ones_do_not(make: Make) -> None:
    one = started(make)
    now = rest(one, 0)
    one.set_hosts([ONE], now)
    assert stage(one) is Stage.RESTING
    one.set_hosts([("192.0.2.7", 1_000)], now)
    assert stage(one) is Stage.LOOKING


def test_before_it_is_started_it_only_listens(make: Make) -> None:
    one = make()
    one.set_servers([SERVER])
    one.set_hosts([ONE], 0)
    one.set_mapped([SEEN], 0)
    assert one.remote is None
    assert one.next_timeout() == float("inf")
    assert (asked(one), one.signals(0)) == ([], [])
