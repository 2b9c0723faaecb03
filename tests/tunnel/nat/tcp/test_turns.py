"""Who is asked for a proof first, and who has to go."""

from __future__ import annotations

import pytest

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.checks import Credentials
from tunnel.nat.offer import NEVER, Edition, Offer
from tunnel.nat.tcp.turns import MOST_UNPROVED, PROOF_MS, Likelihood, Turns, gives_itself_away

GOOD, BETTER = 10, 20


def test_the_best_of_those_that_come_together_is_asked_first() -> None:
    turns = Turns(asks=True)
    turns.arrived(1, Likelihood.NAMED, GOOD, 0)
    assert turns.take_due(BETTER, 0) is None
    assert turns.next_timeout(asking=True) == 50
    turns.arrived(2, Likelihood.NAMED, BETTER, 30)
    assert turns.take_due(BETTER, 30) == 2  # nothing better can come
    assert turns.take_due(BETTER, 100) is None  # one at a time
    turns.gone(2)
    assert turns.take_due(-1, 100) == 1


def test_one_that_is_not_the_best_is_asked_when_nothing_better_came() -> None:
    turns = Turns(asks=True)
    turns.arrived(1, Likelihood.NAMED, GOOD, 0)
    assert turns.take_due(BETTER, 49) is None
    assert turns.take_due(BETTER, 50) == 1


def test_the_likeliest_comes_before_the_best() -> None:
    turns = Turns(asks=True)
    turns.arrived(1, Likelihood.STRANGER, BETTER, 0)
    turns.arrived(2, Likelihood.NAMED, GOOD, 1)
    assert turns.take_due(-1, 50) == 2


def test_the_end_that_answers_asks_nobody() -> None:
    turns = Turns(asks=False)
    turns.arrived(1, Likelihood.NAMED, GOOD, 0)
    assert turns.take_due(-1, 1_000) is None
    assert turns.next_timeout(asking=True) == PROOF_MS


def test_until_anybody_can_be_asked_only_the_end_is_awaited() -> None:
    turns = Turns(asks=True)
    turns.arrived(1, Likelihood.NAMED, GOOD, 0)
    assert turns.next_timeout(asking=False) == PROOF_MS


@pytest.mark.parametrize("asks", [True, False])
def test_nobody_stays_longer_than_three_seconds(asks: bool) -> None:
    turns = Turns(asks=asks)
    turns.arrived(1, Likelihood.NAMED, GOOD, 100)
    assert turns.take_overdue(100 + PROOF_MS - 1) == []
    assert turns.take_overdue(100 + PROOF_MS) == [1]
    assert len(turns) == 0
    assert turns.next_timeout(asking=True) == float("inf")


def test_who_holds_up_others_has_a_second() -> None:
    turns = Turns(asks=True)
    turns.arrived(1, Likelihood.NAMED, GOOD, 0)
    assert turns.take_due(-1, 0) == 1
    turns.arrived(2, Likelihood.NAMED, GOOD, 500)
    assert turns.next_timeout(asking=True) == 1_000
    assert turns.take_overdue(1_000) == [1]
    assert turns.take_due(-1, 1_000) == 2


def test_of_a_crowd_the_least_likely_goes_then_the_oldest() -> None:
    turns = Turns(asks=False)
    turns.arrived(0, Likelihood.NAMED, GOOD, 0)
    for id in range(1, MOST_UNPROVED):
        assert turns.arrived(id, Likelihood.STRANGER, GOOD, id) is None
    assert turns.arrived(100, Likelihood.STRANGER, BETTER, 100) == 1
    assert turns.arrived(101, Likelihood.HOST, GOOD, 101) == 2
    assert len(turns) == MOST_UNPROVED


def test_a_stranger_has_to_go_where_all_others_are_likelier() -> None:
    turns = Turns(asks=False)
    for id in range(MOST_UNPROVED):
        turns.arrived(id, Likelihood.NAMED, GOOD, id)
    assert turns.arrived(100, Likelihood.STRANGER, BETTER, 100) == 100


def test_the_one_that_is_being_asked_stays() -> None:
    turns = Turns(asks=True)
    turns.arrived(0, Likelihood.STRANGER, GOOD, 0)
    assert turns.take_due(-1, 0) == 0
    for id in range(1, MOST_UNPROVED + 1):
        assert turns.arrived(id, Likelihood.HOST, GOOD, id) != 0


def offer(*kinds: Kind, symmetric: bool = False) -> Offer:
    candidates = tuple(Candidate(kind, ("203.0.113.9", 1_000 + kind)) for kind in kinds)
    return Offer(Edition(1, 0), NEVER, Credentials(b"abcd", bytes(16)), candidates, symmetric=symmetric)


@pytest.mark.parametrize(
    ("remote", "source", "known"),
    [
        (offer(Kind.HOST, Kind.REFLEXIVE), "198.51.100.1", True),
        (offer(Kind.HOST, Kind.MAPPED), "198.51.100.1", True),
        (offer(Kind.HOST), "198.51.100.1", False),  # no server has told it
        (offer(Kind.HOST, Kind.REFLEXIVE), "2001:db8::1", False),  # nor this
        (offer(Kind.HOST, Kind.REFLEXIVE, symmetric=True), "198.51.100.1", False),
    ],
)
def test_who_comes_from_elsewhere_is_a_stranger_if_the_other_end_knows_itself(
    remote: Offer, source: str, known: bool
) -> None:
    assert gives_itself_away(remote, (source, 1)) is known
