"""The decision and the pace. Whether it joins two networks: tests/bench/world/test_natpair.py."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from tunnel.nat.birthday import EVERY_MS, LASTS_MS, PROBES, SOCKETS, Birthday, Probe, allowance
from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer

SEEN = ("203.0.113.1", 40_000)
LIE = Candidate(Kind.REFLEXIVE, ("203.0.113.66", 40_000))
CREDENTIALS = Credentials(b"abcd", bytes(16))
PLAIN = Offer(Edition(1, 0), NEVER, CREDENTIALS, (Candidate(Kind.REFLEXIVE, SEEN),), birthday=True)
SYMMETRIC = replace(PLAIN, symmetric=True)


def birthday(*, allowed: bool = True) -> Birthday:
    return Birthday(random.Random(1).randbytes, allowance() if allowed else None)


def run(one: Birthday) -> list[tuple[float, Probe]]:
    sent: list[tuple[float, Probe]] = []
    while one.running:
        now = one.next_timeout()
        sent += [(now, probe) for probe in one.take_due(now)]
    return sent


def test_the_end_with_the_symmetric_router_opens_256_sockets_to_the_other_ends_address() -> None:
    one = birthday()
    assert one.begin(SYMMETRIC, PLAIN, 0)
    assert [probe for _, probe in run(one)] == [Probe(SEEN, via) for via in range(1, SOCKETS + 1)]


def test_the_other_end_guesses_1024_different_ports_of_that_router() -> None:
    one = birthday()
    assert one.begin(PLAIN, SYMMETRIC, 0)
    probes = [probe for _, probe in run(one)]
    assert {(probe.address[0], probe.via) for probe in probes} == {(SEEN[0], 0)}
    assert len({probe.address[1] for probe in probes}) == len(probes) == PROBES
    assert min(probe.address[1] for probe in probes) >= 1_024


@pytest.mark.parametrize("late", [0.0, 16.0, 5_000.0])
def test_a_hundred_leave_in_a_second_however_late_the_loop_is(late: float) -> None:
    one = birthday()
    one.begin(PLAIN, SYMMETRIC, 0)
    sent, now = [], 0.0
    while one.running:
        sent += [now] * len(one.take_due(now))
        now = max(one.next_timeout(), now) + late
    for first, later in zip(sent, sent[103:], strict=False):
        assert later - first >= 100 * EVERY_MS - 1
    assert late > 16 or len(sent) == PROBES


def test_its_sockets_are_kept_until_an_end_that_began_later_is_through() -> None:
    one = birthday()
    one.begin(SYMMETRIC, PLAIN, 0)
    one.take_due(LASTS_MS - 1)
    assert one.running
    one.take_due(LASTS_MS)
    assert not one.running
    assert one.next_timeout() == float("inf")


@pytest.mark.parametrize(
    ("own", "remote"),
    [
        (SYMMETRIC, SYMMETRIC),
        (PLAIN, PLAIN),
        (PLAIN, replace(SYMMETRIC, birthday=False)),
        (replace(PLAIN, birthday=False), SYMMETRIC),
        (PLAIN, replace(SYMMETRIC, deaf=True)),
        (replace(PLAIN, deaf=True), SYMMETRIC),
        (PLAIN, replace(SYMMETRIC, candidates=())),
        (PLAIN, replace(SYMMETRIC, candidates=(Candidate(Kind.HOST, SEEN),))),
        (PLAIN, replace(SYMMETRIC, candidates=(Candidate(Kind.REFLEXIVE, ("2001:db8::1", 1)),))),
        (PLAIN, replace(SYMMETRIC, candidates=(Candidate(Kind.REFLEXIVE, ("224.0.0.1", 1)),))),
        (PLAIN, replace(SYMMETRIC, candidates=(*SYMMETRIC.candidates, LIE))),
        (PLAIN, replace(SYMMETRIC, candidates=(LIE, *SYMMETRIC.candidates))),
        (SYMMETRIC, replace(PLAIN, candidates=(*PLAIN.candidates, LIE))),
    ],
)
def test_where_it_cannot_help_or_is_not_wanted_it_is_not_tried(own: Offer, remote: Offer) -> None:
    one = birthday()
    assert not one.begin(own, remote, 0)
    assert one.begin(PLAIN, SYMMETRIC, 0)  # and that has cost nothing


def test_who_has_not_asked_for_it_never_tries() -> None:
    one = birthday(allowed=False)
    assert not one.agrees
    assert not one.begin(PLAIN, SYMMETRIC, 0)
    assert one.take_due(1e15) == []


def test_it_is_tried_once_in_half_an_hour_whoever_asks() -> None:
    allowed = allowance()
    began = []
    for now in range(0, 7_200_000, 10_000):
        one = Birthday(random.Random(1).randbytes, allowed)  # even if the search begins anew each time
        if one.begin(PLAIN, SYMMETRIC, now):
            began.append(now)
    assert len(began) == 4
    assert min(later - sooner for sooner, later in itertools.pairwise(began)) >= 1_790_000
