from __future__ import annotations

import itertools

import pytest

from tunnel.nat.candidates import Kind
from tunnel.nat.pairs import (
    _MOVES,
    CONSENT_ENDS_MS,
    MAX_PAIRS,
    TRIES_MS,
    Event,
    Pair,
    Pairs,
    State,
    choose,
)

V4, V6 = ("192.0.2.1", 47_000), ("2001:db8::1", 47_000)


def valid(kind: Kind, address: tuple[str, int], now: float = 0.0) -> Pair:
    pair = Pair(kind, address, now)
    pair.check_left(now)
    pair.answered(0.5, now)
    return pair


def test_the_checks_of_a_round_leave_on_schedule_and_then_it_has_failed() -> None:
    pair, times = Pair(Kind.HOST, V4, 0), []
    while pair.due < float("inf"):
        times.append(pair.due)
        pair.check_left(pair.due)
    assert tuple(times) == TRIES_MS
    assert pair.state is State.FAILED
    pair.rewind(9_000)
    assert (pair.state, pair.due) == (State.WAITING, 9_000)


def test_an_answer_that_comes_late_still_counts() -> None:
    pair = Pair(Kind.HOST, V4, 0)
    for _ in TRIES_MS:
        pair.check_left(0)
    pair.answered(0.5, 2_500)
    assert pair.state is State.VALID


def test_consent_of_a_pair_in_use_is_asked_for_every_five_seconds_or_so() -> None:
    pair = valid(Kind.HOST, V4)
    assert pair.due == float("inf")  # nobody uses it
    pair.watch(True, 0)
    assert pair.due == 0
    for spread, wait in ((0.0, 4_000), (0.5, 5_000), (0.999, 5_998)):
        pair.check_left(0)
        pair.answered(spread, 0)
        assert pair.due == pytest.approx(wait)


def test_consent_ends_fifteen_seconds_after_the_last_answer() -> None:
    pair = valid(Kind.HOST, V4)
    pair.watch(True, 0)
    while pair.due < CONSENT_ENDS_MS:
        pair.check_left(pair.due)
    states = []
    for now in (CONSENT_ENDS_MS - 1, CONSENT_ENDS_MS):
        pair.expire(now)
        states.append(pair.state)
    assert states == [State.VALID, State.FAILED]
    assert not pair.watched


def test_a_question_that_is_lost_is_asked_again_within_a_second_or_two() -> None:
    pair = valid(Kind.HOST, V4)
    pair.watch(True, 0)
    waits = []
    for _ in range(6):
        left = pair.due
        pair.check_left(left)
        waits.append(pair.due - left)
    assert waits[0] == 500
    assert max(waits) == 2_000


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_what_is_no_legal_move_is_our_own_mistake(state: State, event: Event) -> None:
    pair = Pair(Kind.HOST, V4, 0)
    pair.state = state
    if (state, event) in _MOVES:
        pair._move(event)
        assert pair.state is _MOVES[state, event]
    else:
        with pytest.raises(KeyError):
            pair._move(event)


def test_the_end_that_controls_takes_the_best() -> None:
    relayed, own = valid(Kind.REFLEXIVE, V4), valid(Kind.HOST, V6)
    assert choose([relayed, own], relayed, controlling=True, now=0) is own
    assert choose([], None, controlling=True, now=0) is None


def test_the_other_end_follows_the_latest_nomination() -> None:
    pairs = Pairs()
    relayed, own = valid(Kind.REFLEXIVE, V4), valid(Kind.HOST, V6)
    assert choose([relayed, own], None, controlling=False, now=0) is own
    pairs.nominate(own)
    pairs.nominate(relayed)
    assert choose([relayed, own], own, controlling=False, now=0) is relayed


def test_what_was_not_checked_carries_nothing_whoever_nominates_it() -> None:
    unproved = Pair(Kind.PEER, V4, 0)
    Pairs().nominate(unproved)
    assert choose([unproved], None, controlling=False, now=0) is None


@pytest.mark.parametrize("controlling", [True, False])
def test_a_pair_that_owes_an_answer_is_left_for_one_that_does_not_and_else_kept(controlling: bool) -> None:
    best, second = valid(Kind.HOST, V6), valid(Kind.REFLEXIVE, V4)
    best.watch(True, 0)
    best.check_left(0)
    assert choose([best, second], best, controlling=controlling, now=1_400) is best
    assert choose([best, second], best, controlling=controlling, now=1_600) is second
    assert choose([best], best, controlling=controlling, now=1_600) is best


def test_triggered_checks_leave_first_and_then_those_tried_least() -> None:
    pairs = Pairs()
    some = [pairs.add(Kind.HOST, ("192.0.2.1", port), 0) for port in (1, 2, 3)]
    first, second, third = (pair for pair in some if pair is not None)
    first.check_left(0)
    first.due = 0
    assert pairs.next_check(0) in (second, third)
    first.hurry(0)
    assert pairs.next_check(0) is first
    assert Pairs().next_check(0) is None


def test_a_failed_pair_heard_from_gets_one_more_check() -> None:
    pair = Pair(Kind.HOST, V4, 0)
    for _ in TRIES_MS:
        pair.check_left(0)
    pair.hurry(5_000)
    assert (pair.state, pair.due) == (State.WAITING, 5_000)
    pair.check_left(5_000)
    assert pair.state is State.FAILED


def test_there_are_never_more_than_sixty_four_and_valid_ones_stay() -> None:
    pairs = Pairs()
    made = [pairs.add(Kind.PEER, ("192.0.2.1", port), 0) for port in range(1, MAX_PAIRS + 1)]
    assert all(made)
    assert pairs.add(Kind.PEER, V4, 0) is None
    keep, gone = made[0], made[1]
    assert keep is not None
    assert gone is not None
    keep.answered(0.5, 0)
    for _ in TRIES_MS:
        gone.check_left(0)
    assert pairs.add(Kind.PEER, V4, 0) is not None
    assert len(pairs) == MAX_PAIRS
    assert pairs.get(keep.address) is keep
    assert pairs.get(gone.address) is None


def test_an_address_first_seen_and_then_offered_is_one_pair_of_the_offered_kind() -> None:
    pairs = Pairs()
    seen = pairs.add(Kind.PEER, V4, 0)
    assert pairs.add(Kind.HOST, V4, 0) is seen
    assert seen is not None
    assert seen.kind is Kind.HOST
    pairs.clear()
    assert len(pairs) == 0


def test_what_failed_and_is_offered_no_more_is_forgotten() -> None:
    pairs = Pairs()
    for port in (1, 2, 3):
        pair = pairs.add(Kind.REFLEXIVE, ("192.0.2.1", port), 0)
        assert pair is not None
        if port == 3:
            pair.answered(0.5, 0)
        for _ in TRIES_MS[: 6 if port < 3 else 0]:
            pair.check_left(0)
    pairs.keep([("192.0.2.1", 1)])
    assert [pair.address[1] for pair in pairs] == [1, 3]


def test_one_address_by_two_sockets_is_two_pairs_and_a_socket_is_kept_while_its_pair_may_work() -> None:
    pairs = Pairs()
    for via in (0, 1, 2):
        pair = pairs.add(Kind.PEER, V4, 0, via)
        assert pair is not None
        assert pairs.get(V4, via) is pair
        for _ in TRIES_MS[: 6 if via < 2 else 0]:
            pair.check_left(0)
    assert len(pairs) == 3
    assert pairs.keep_sockets() == {0, 2}
    assert [pair.via for pair in pairs] == [0, 2]  # an address on the main socket may be tried again
