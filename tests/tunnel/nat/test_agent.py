"""One agent under a magnifying glass, and what strangers can make it do. Whole networks: test_natpair.py."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.nat import birthday, stun
from tunnel.nat.agent import Agent
from tunnel.nat.birthday import PROBES, SOCKETS
from tunnel.nat.candidates import MAX_CANDIDATES, Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.events import Event, Found, Lost, Rested, Transmit
from tunnel.nat.offer import NEVER, Edition, Offer, parse
from tunnel.nat.pairs import MAX_PAIRS
from tunnel.nat.prober import PACE_MS
from tunnel.nat.signalling import Signalling
from tunnel.nat.stun import Address, Message

ONE: Address = ("192.0.2.1", 1_000)
OTHER: Address = ("192.0.2.2", 2_000)
ELSEWHERE: Address = ("198.51.100.9", 9_000)
SERVER: Address = ("198.51.100.1", 3_478)
SERVERS: list[Address] = [SERVER, ("198.51.100.2", 3_478)]


class End:
    """An agent and its address; what it sends is delivered at once, or kept for a look."""

    def __init__(self, address: Address, *, controlling: bool, seed: int = 1) -> None:
        dice = random.Random(seed if controlling else seed + 1_000)
        self.agent = Agent(controlling=controlling, random=dice.randbytes, now=0)
        self.agent.set_hosts([address], 0)
        self.address = address
        self.said: list[Event] = []
        self.sent: list[Transmit] = []

    def drain(self, now: float) -> list[Transmit]:
        transmits = self.agent.transmits()
        self.sent += transmits
        self.said += self.agent.events()
        return transmits


class Wire:
    """Two ends without any network between them."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.broken = False
        self.one = End(ONE, controlling=True, seed=seed)
        self.other = End(OTHER, controlling=False, seed=seed)
        self.ends = (self.one, self.other)
        self.recorded: list[tuple[End, Transmit]] = []

    def run(self, duration: float) -> None:
        end = self.now + duration
        while (moment := min(each.agent.next_timeout() for each in self.ends)) <= end:
            self.now = max(self.now, moment)
            for each in self.ends:
                each.agent.handle_timeout(self.now)
            self.settle()
        self.now = end

    def settle(self) -> None:
        busy = True
        while busy:
            busy = False
            for here, there in (self.ends, self.ends[::-1]):
                for body in here.agent.signals(self.now):
                    there.agent.signal_came(body, self.now)
                    busy = True
                for transmit in here.drain(self.now):
                    self.recorded.append((here, transmit))
                    if transmit.address == there.address and not self.broken:
                        there.agent.receive(transmit.data, here.address, self.now)
                        busy = True

    def join(self) -> Wire:
        for each in self.ends:
            each.agent.start(self.now)
        self.settle()
        self.run(200)
        assert self.one.agent.selected == OTHER
        assert self.other.agent.selected == ONE
        return self


def offer(*candidates: Address, attempt: int = 1, revision: int = 1) -> bytes:
    some = tuple(Candidate(Kind.HOST, address) for address in candidates)
    return Offer(Edition(attempt, revision), NEVER, Credentials(b"abcd", bytes(16)), some).pack()


def alone(*, controlling: bool = True) -> End:
    end = End(ONE, controlling=controlling)
    end.agent.start(0)
    end.drain(0)
    return end


def guesser(*, symmetric: bool, liars: int = 0) -> End:
    """An end that agrees to guess ports, and knows whether its router gives every destination another one.

    liars  how many of the servers name somebody else
    """
    end = End(ONE, controlling=True)
    end.agent = Agent(
        controlling=True, random=random.Random(1).randbytes, now=0, birthday=birthday.allowance()
    )
    end.agent.set_hosts([ONE], 0)
    end.agent.set_servers(SERVERS)
    end.agent.start(0)
    for n, question in enumerate(end.drain(0)):
        seen = Message(
            kind=stun.Kind.SUCCESS,
            transaction=stun.parse(question.data).transaction,
            xor_mapped=("203.0.113.1" if n >= liars else "203.0.113.66", 40_000 + n * symmetric),
        )
        end.agent.receive(stun.build(seen), question.address, 1)
    end.agent.signals(1)
    return end


def run_alone(end: End, until: float) -> None:
    now = 0.0
    while (now := max(now, end.agent.next_timeout())) <= until:
        end.agent.handle_timeout(now)
        end.agent.signals(now)
        end.drain(now)


def test_before_it_is_started_it_says_nothing() -> None:
    end = End(ONE, controlling=True)
    end.agent.set_servers([SERVER])
    assert end.agent.next_timeout() == float("inf")
    assert end.drain(0) == []
    assert end.agent.signals(0) == []


def test_two_ends_find_each_other_and_say_so_once() -> None:
    wire = Wire().join()
    wire.run(60_000)
    assert wire.one.said == [Found(OTHER)]
    assert wire.other.said == [Found(ONE)]


def test_nothing_but_checks_ever_leaves() -> None:
    wire = Wire().join()
    wire.run(20_000)
    assert wire.recorded
    assert all(stun.is_stun(transmit.data) for _, transmit in wire.recorded)


def test_once_found_a_path_costs_some_fifty_bytes_a_second() -> None:
    wire = Wire().join()
    wire.recorded.clear()
    wire.run(60_000)
    cost = sum(len(transmit.data) + 28 for end, transmit in wire.recorded if end is wire.one) / 60
    assert 10 < cost < 60


# Consent


def test_an_address_that_only_claims_to_be_the_peer_is_not_used() -> None:
    end = alone()
    end.agent.signal_came(offer(ELSEWHERE), 0)
    run_alone(end, 20_000)
    assert end.agent.selected is None
    assert {transmit.address for transmit in end.sent} == {ELSEWHERE}


def test_consent_that_is_withdrawn_ends_the_path_within_fifteen_seconds() -> None:
    wire = Wire().join()
    wire.broken = True
    wire.run(16_000)
    assert Lost("The other end does not answer any more.") in wire.one.said
    assert wire.one.agent.selected is None


def test_an_end_that_begins_anew_is_noticed_at_once() -> None:
    wire = Wire().join()
    wire.one.agent.signal_came(offer(OTHER, attempt=99), wire.now)
    wire.one.drain(wire.now)
    assert wire.one.said[-1] == Lost("The other end began anew.", anew=True)


# Moving


def moved_check(wire: Wire) -> bytes:
    """The latest check of the end that controls, as if it came from elsewhere."""
    checks = [t.data for end, t in wire.recorded if end is wire.one and stun.parse(t.data).username]
    return checks[-1]


def test_a_check_replayed_from_another_address_moves_nothing_there() -> None:
    wire = Wire().join()
    before = len(wire.other.sent)
    wire.other.agent.receive(moved_check(wire), ELSEWHERE, wire.now)
    wire.settle()
    wire.run(60_000)
    assert wire.other.agent.selected == ONE
    there = [t for t in wire.other.sent[before:] if t.address == ELSEWHERE]
    assert 1 <= len(there) <= 8  # one answer, and the checks of one pair


def test_a_peer_that_moves_is_followed_as_soon_as_it_has_answered_from_there() -> None:
    wire = Wire().join()
    wire.one.address = ELSEWHERE
    while wire.other.agent._prober.pairs.get(ELSEWHERE) is None:
        wire.run(100)  # until its next consent check comes from there
    assert wire.other.agent.selected == ELSEWHERE
    assert not any(isinstance(event, Lost) for event in wire.other.said)


def test_a_datagram_from_an_unknown_place_is_not_accepted_but_checked_once_a_second() -> None:
    wire = Wire().join()
    sent = len(wire.one.sent)
    for n in range(1_000):
        assert not wire.one.agent.accepts(ELSEWHERE, 200, wire.now + n)
        wire.one.drain(wire.now + n)
    assert 1 <= len([t for t in wire.one.sent[sent:] if t.address == ELSEWHERE]) <= 2
    assert wire.one.agent.counters["dropped: unknown source"] == 1_000
    assert wire.one.agent.accepts(OTHER, 200, wire.now)


def test_a_short_datagram_from_an_unknown_place_gets_nothing() -> None:
    wire = Wire().join()
    sent = len(wire.one.sent)
    assert not wire.one.agent.accepts(ELSEWHERE, 127, wire.now)
    wire.one.drain(wire.now)
    assert len(wire.one.sent) == sent
    checks = [t.data for _, t in wire.recorded]
    assert max(map(len, checks)) <= 128


# Strangers


def test_a_list_that_points_at_strangers_floods_nobody() -> None:
    strangers = [(f"198.51.100.{n}", 53) for n in range(1, MAX_CANDIDATES + 1)]
    end = alone()
    end.agent.signal_came(offer(*strangers), 0)
    run_alone(end, 3_600_000)
    times = Counter(transmit.address for transmit in end.sent)
    assert set(times) <= set(strangers)
    assert max(times.values()) <= 6 * (3 + 20)  # three rounds, and one in each later search of an hour


def test_checks_keep_their_pace_whatever_is_offered() -> None:
    end = alone()
    for revision in range(1, 5):
        strangers = [(f"198.51.{revision}.{n}", 53) for n in range(1, MAX_CANDIDATES + 1)]
        end.agent.signal_came(offer(*strangers, revision=revision), 0)
    run_alone(end, 2_000)
    assert 60 < len(end.sent) <= 2_000 / PACE_MS + 1


def test_implausible_candidates_get_nothing_at_all() -> None:
    end = alone()
    end.agent.signal_came(offer(("127.0.0.1", 80), ("224.0.0.1", 80), ("192.0.2.9", 0)), 0)
    run_alone(end, 5_000)
    assert end.sent == []
    assert end.agent.counters["dropped: implausible candidate"] == 3


def test_forged_checks_are_counted_and_never_answered() -> None:
    wire = Wire().join()
    wire.one.sent.clear()
    name = stun.parse(moved_check(wire)).username
    assert name is not None
    mirrored = ":".join(reversed(name.split(":")))
    for key in (None, b"guess"):
        forged = stun.build(
            Message(kind=stun.Kind.REQUEST, transaction=bytes(12), username=mirrored, controlled=1), key
        )
        wire.one.agent.receive(forged, ELSEWHERE, wire.now)
    wire.one.drain(wire.now)
    assert wire.one.sent == []
    assert wire.one.agent.counters["dropped: check, stranger"] == 2


@pytest.mark.parametrize("symmetric", [True, False])
def test_an_offer_that_names_a_stranger_to_guess_at_gets_it_one_bounded_try(symmetric: bool) -> None:
    """By the other end itself: nobody else can make an offer."""
    end = guesser(symmetric=not symmetric)
    victim = ("198.51.100.99", 53)
    begged = Counter[float]()
    now = 1.0
    for revision in range(1, 400):
        some = (Candidate(Kind.REFLEXIVE, victim),)
        body = replace(
            parse(offer(revision=revision)),
            candidates=some,
            symmetric=symmetric,
            birthday=True,
            guessing=True,
        ).pack()
        end.agent.signal_came(body, now)
        for _ in range(100):
            now += 10
            end.agent.handle_timeout(now)
            for transmit in end.drain(now):
                begged[now // 1_000] += transmit.address[0] == victim[0]
    assert SOCKETS <= sum(begged.values()) <= PROBES + 2_000  # and checks at 5 a second
    assert max(begged.values()) <= 160  # the pace of both together
    assert {transmit.address[0] for transmit in end.sent} == {*(host for host, _ in SERVERS), victim[0]}
    assert len({transmit.via for transmit in end.sent}) == (1 if symmetric else SOCKETS + 1)


@pytest.mark.parametrize("liars", [0, 1])
def test_an_end_agrees_to_guess_only_while_servers_agree_where_it_is(liars: int) -> None:
    end = guesser(symmetric=True, liars=liars)
    assert end.agent.offered.symmetric is (liars == 0)
    assert end.agent.offered.birthday is (liars == 0)


def test_one_lying_relay_aims_no_guesses_at_a_stranger() -> None:
    """Its name leads to the first two servers, which see two ports of the stranger; the third is honest."""
    liar = [Candidate(Kind.REFLEXIVE, ("203.0.113.66", port)) for port in (1_111, 2_222)]
    honest = Candidate(Kind.REFLEXIVE, ELSEWHERE)
    end = guesser(symmetric=False)
    body = replace(
        parse(offer()), candidates=(*liar, honest), symmetric=True, birthday=True, guessing=True
    ).pack()
    end.agent.signal_came(body, 1)
    run_alone(end, 30_000)
    assert Counter(transmit.address[0] for transmit in end.sent)["203.0.113.66"] <= 36  # ordinary checks
    assert not end.agent.offered.guessing


def test_an_end_begins_to_guess_when_the_other_one_does() -> None:
    end = guesser(symmetric=True)
    some = (Candidate(Kind.REFLEXIVE, ELSEWHERE),)
    silent = replace(parse(offer()), candidates=some)
    end.agent.signal_came(silent.pack(), 1)
    run_alone(end, 20_000)
    assert isinstance(end.said[-1], Rested)
    assert {transmit.via for transmit in end.sent} == {0}
    begins = replace(silent, edition=Edition(1, 2), birthday=True, guessing=True)
    end.agent.signal_came(begins.pack(), 20_000)
    end.agent.handle_timeout(20_000)
    assert next(transmit.via for transmit in end.drain(20_000) if transmit.address == ELSEWHERE) == 1
    [body] = end.agent.signals(20_000)
    assert parse(body).guessing


def test_a_forged_answer_of_a_server_or_a_peer_proves_nothing() -> None:
    end = alone()
    end.agent.set_servers([SERVER])
    end.agent.signal_came(offer(OTHER), 0)
    end.agent.handle_timeout(0)
    [check] = [t for t in end.drain(0) if t.address == OTHER]
    transaction = stun.parse(check.data).transaction
    answer = Message(kind=stun.Kind.SUCCESS, transaction=transaction, xor_mapped=ELSEWHERE)
    for key in (None, b"guess"):
        end.agent.receive(stun.build(answer, key), OTHER, 1)
    end.agent.receive(stun.build(answer), SERVER, 1)
    assert end.agent.selected is None
    assert end.agent.counters["dropped: answer"] == 3


def test_a_replayed_answer_does_not_keep_consent_alive() -> None:
    wire = Wire().join()
    answers = [t.data for end, t in wire.recorded if end is wire.other and t.data[0] == 1]
    wire.broken = True
    for _ in range(40):
        wire.run(500)
        for data in answers:
            wire.one.agent.receive(data, OTHER, wire.now)
    assert wire.one.agent.selected is None


def test_two_ends_that_both_control_never_join() -> None:
    wire = Wire()
    wire.other = End(OTHER, controlling=True, seed=5)
    wire.ends = (wire.one, wire.other)
    for each in wire.ends:
        each.agent.start(0)
    wire.settle()
    wire.run(5_000)
    assert wire.one.agent.selected is None
    assert wire.one.agent.counters["dropped: check, same role"] > 0


def test_a_flood_of_authentic_checks_from_everywhere_stays_bounded() -> None:
    wire = Wire().join()
    data = moved_check(wire)
    wire.other.sent.clear()
    for n in range(10_000):
        wire.other.agent.receive(data, (f"198.18.{n >> 8}.{n & 255}", 1), wire.now + n / 10)
        wire.other.drain(wire.now)
    assert len(wire.other.agent._prober.pairs) <= MAX_PAIRS
    assert len(wire.other.sent) <= 200 + 1_000 / PACE_MS + 2
    assert wire.other.agent.selected == ONE


def test_ten_thousand_offers_a_second_cost_no_more_checks_than_one() -> None:
    end = alone()
    for n in range(10_000):
        end.agent.signal_came(offer(ELSEWHERE, revision=n), n / 10)
        end.agent.handle_timeout(n / 10)
        end.agent.signals(n / 10)
        end.drain(n / 10)
    assert end.agent.counters["offers over the rate"] > 9_000
    assert len(end.sent) <= 30


@pytest.mark.parametrize("fresh", [True, False])
def test_a_peer_cannot_keep_us_searching_with_ever_new_offers(fresh: bool) -> None:
    end = alone()
    now, revision = 0.0, 1
    while now < 600_000:
        net = revision % 200 if fresh else 1
        strangers = [(f"198.18.{net}.{n}", 53) for n in range(1, MAX_CANDIDATES + 1)]
        end.agent.signal_came(offer(*strangers, revision=revision), now)
        for _ in range(5):
            end.agent.handle_timeout(now)
            now += 50
        end.drain(now)
        revision += 1
    assert len(end.sent) / 600 < 8  # checks a second, in all


def test_a_peer_cannot_make_us_ask_servers_all_the_time() -> None:
    end = alone()
    end.agent.set_servers([SERVER])
    for revision in range(1, 61):
        end.agent.signal_came(offer(ELSEWHERE, revision=revision), revision * 10_000)
        for step in range(200):
            end.agent.handle_timeout(revision * 10_000 + step * 50)
        end.drain(0)
    assert len([transmit for transmit in end.sent if transmit.address == SERVER]) < 120


def test_consent_is_kept_while_the_peer_makes_many_offers() -> None:
    wire = Wire().join()
    own = wire.other.agent._signalling
    for _ in range(300):
        own.renew(wire.now)
        wire.settle()
        wire.run(1_000)
    assert wire.one.said == [Found(OTHER)]


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_any_bytes_are_counted_and_dropped(junk: list[bytes], controlling: bool) -> None:
    end = alone(controlling=controlling)
    end.agent.signal_came(offer(OTHER), 0)
    end.drain(0)
    for data in junk:
        end.agent.receive(b"\x01\x01" + data, OTHER, 1)
        end.agent.receive(data, OTHER, 1)
        end.agent.signal_came(data, 1)
    assert end.drain(1) == []
    assert end.agent.selected is None
    assert sum(end.agent.counters.values()) == 3 * len(junk)


# Its own network


@pytest.mark.parametrize("change", ["hosts", "mapped"])
def test_new_own_addresses_are_offered_at_once(change: str) -> None:
    end = alone()
    end.agent.signals(0)
    end.agent.signal_came(offer(OTHER), 0)
    end.agent.signals(0)
    if change == "hosts":
        end.agent.set_hosts([ELSEWHERE], 1_000)
    else:
        end.agent.set_mapped([ELSEWHERE], 1_000)
    [body] = end.agent.signals(1_000)
    assert ELSEWHERE in [candidate.address for candidate in parse(body).candidates]


def test_what_a_server_sees_is_offered() -> None:
    end = End(ONE, controlling=True)
    end.agent.set_servers([SERVER])
    end.agent.start(0)
    [(to, question, _)] = end.drain(0)
    assert to == SERVER
    end.agent.signals(0)
    seen = Message(kind=stun.Kind.SUCCESS, transaction=stun.parse(question).transaction, xor_mapped=ELSEWHERE)
    end.agent.receive(stun.build(seen), SERVER, 40)
    [body] = end.agent.signals(40)
    assert Candidate(Kind.REFLEXIVE, ELSEWHERE) in parse(body).candidates


def test_a_search_that_finds_nothing_says_why_and_begins_again_later() -> None:
    end = alone()
    run_alone(end, 10_000)
    assert end.said == [Rested("The other end has not answered: perhaps direct paths are off there.")]
    assert 22_500 <= end.agent.next_timeout() - 9_000 <= 37_500
    assert end.agent.remote is None


def test_while_people_wait_the_servers_are_asked_often_enough_for_any_router() -> None:
    end = End(ONE, controlling=True)
    end.agent.set_servers([SERVER])
    end.agent.look_hard(120_000, 0)
    end.agent.start(0)
    now = 0.0
    asked: list[float] = []
    offers: set[Edition] = set()
    while now <= 120_000:
        end.agent.handle_timeout(now)
        offers.update(parse(body).edition for body in end.agent.signals(now))
        for to, question, _ in end.drain(now):
            seen = Message(
                kind=stun.Kind.SUCCESS, transaction=stun.parse(question).transaction, xor_mapped=ELSEWHERE
            )
            end.agent.receive(stun.build(seen), to, now)
            asked.append(now)
        now = max(now + 1, end.agent.next_timeout())
    assert max(later - sooner for sooner, later in itertools.pairwise(asked)) <= 15_000
    assert end.said == [Rested("The other end has not answered: perhaps direct paths are off there.")]
    assert len(offers) <= 2  # the same is offered all the time: it may be on its way in a letter


def test_an_end_that_rests_looks_at_once_when_people_wait() -> None:
    end = alone()
    run_alone(end, 10_000)
    end.agent.look_hard(60_000, 10_000)
    end.agent.signal_came(offer(ELSEWHERE), 10_000)
    end.agent.handle_timeout(10_000)
    assert [transmit.address for transmit in end.drain(10_000)] == [ELSEWHERE]


def test_a_session_that_begins_over_the_path_does_not_end_it() -> None:
    wire = Wire().join()
    for each in wire.ends:
        each.agent.peer_began_anew()
        each.agent.start(wire.now)
    wire.settle()
    wire.run(60_000)
    assert wire.one.said == [Found(OTHER)]
    assert wire.other.said == [Found(ONE)]


@pytest.mark.parametrize("clock", [300_000, 0])
def test_an_end_that_begins_anew_while_we_rest_is_found(clock: int) -> None:
    """Even if its clock is an earlier one, as long as the session says that it began anew."""
    wire = Wire()
    wire.one.agent.start(0)
    gone = Signalling(Credentials(b"gone", bytes(16)), Edition(200_000, 0), Counter())
    gone.announce((Candidate(Kind.HOST, ELSEWHERE),), symmetric=False, deaf=False, now=0)
    body = gone.take_due(0)
    assert body is not None
    wire.broken = True
    wire.one.agent.signal_came(body, 0)
    wire.run(20_000)
    assert isinstance(wire.one.said[-1], Rested)
    wire.broken = False
    wire.other.agent = Agent(controlling=False, random=random.Random(9).randbytes, now=clock)
    wire.other.agent.set_hosts([OTHER], wire.now)
    wire.one.agent.peer_began_anew()
    for each in wire.ends:
        each.agent.start(wire.now)
    wire.settle()
    wire.run(1_000)
    assert wire.one.agent.selected == OTHER
    assert not any(isinstance(event, Lost) for event in wire.one.said)


def test_a_search_that_began_before_the_session_offers_again_when_it_does() -> None:
    wire = Wire()
    for each in wire.ends:
        each.agent.start(0)
        while each.agent.signals(wire.now):
            pass  # nobody carries it
    now = 0.0
    while now <= 20_000:
        for each in wire.ends:
            each.agent.handle_timeout(now)
            each.agent.signals(now)
        now += 50
    wire.now = now
    assert isinstance(wire.one.drain(now) or wire.one.said[-1], Rested)
    for each in wire.ends:
        each.agent.start(now)
    wire.settle()
    wire.run(1_000)
    assert wire.one.agent.selected == OTHER
