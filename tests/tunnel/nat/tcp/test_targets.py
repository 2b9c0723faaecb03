"""When an address is dialled again, and when it is left alone."""

from __future__ import annotations

import pytest

from tunnel.nat.candidates import Candidate, Kind
from tunnel.nat.stun import Address
from tunnel.nat.tcp.targets import Outcome, Target, Targets

ONE: Address = ("192.0.2.1", 1_000)
OTHER: Address = ("2001:db8::2", 2_000)


def fired(now: float = 0.0) -> Target:
    target = Target(Kind.HOST, ONE)
    target.fire(now)
    return target


def test_a_silent_address_is_dialled_three_times_in_a_volley() -> None:
    target, now = fired(), 0.0
    while target.due <= now:
        target.dialled()
        now += 950
        target.ended(Outcome.SILENT, 0.5, now)
    assert target.asked == 3
    assert not target.is_open


def test_a_refusal_is_tried_again_soon_and_then_less_so() -> None:
    target, now, waits = fired(), 0.0, []
    while target.due < float("inf"):
        now = target.due
        target.dialled()
        target.ended(Outcome.REFUSED, 0.5, now)
        waits.append(target.due - now)
    assert waits == [80, 160, 320, 640, float("inf")]


@pytest.mark.parametrize(("spread", "wait"), [(0.0, 40), (0.99, 119.2)])
def test_the_next_try_is_scattered(spread: float, wait: float) -> None:
    target = fired()
    target.dialled()
    target.ended(Outcome.REFUSED, spread, 0)
    assert target.due == pytest.approx(wait)


def test_what_is_connected_is_not_dialled_until_that_proves_useless() -> None:
    target = fired()
    target.dialled()
    target.ended(Outcome.CONNECTED, 0.5, 10)
    target.fire(20)
    assert target.due == float("inf")
    target.ended(Outcome.REFUSED, 0.5, 30)
    assert target.due == 30 + 80
    assert target.met


def test_a_volley_leaves_a_dial_that_is_under_way_alone_but_lets_more_follow() -> None:
    target = fired()
    for _ in range(3):
        target.dialled()
        target.ended(Outcome.SILENT, 0.5, 0)
    target.fire(0)
    target.dialled()
    target.fire(100)
    assert target.due == float("inf")
    target.ended(Outcome.SILENT, 0.5, 950)
    assert target.due == 950


def test_those_that_need_the_right_moment_come_first_and_those_tried_already_last() -> None:
    targets = Targets()
    seen = Candidate(Kind.REFLEXIVE, ONE)
    own, mapped = Candidate(Kind.HOST, OTHER), Candidate(Kind.MAPPED, ("192.0.2.1", 3_000))
    assert targets.offered([own, mapped, seen])
    targets.fire(0)
    order = []
    while (target := targets.next(0)) is not None:
        target.dialled()
        order.append(target.address)
    assert order == [ONE, OTHER, mapped.address]
    assert targets.best() == targets.get(OTHER).priority  # type: ignore[union-attr]  # it was offered
    first = targets.get(ONE)
    assert first is not None
    first.ended(Outcome.REFUSED, 0.0, -1_000)
    targets.fire(0)
    first.refused = 1
    second = targets.get(OTHER)
    assert second is not None
    second.ended(Outcome.SILENT, 0.0, 0)
    second.silent = 0
    assert targets.next(0) is second


def test_a_refusal_is_tried_again_at_once_where_the_other_end_has_dialled_meanwhile() -> None:
    target = fired()
    target.dialled()
    target.fire(30)
    target.ended(Outcome.REFUSED, 0.5, 40)
    assert target.due == 40
    target.dialled()
    target.ended(Outcome.REFUSED, 0.5, 80)
    assert target.due == 160


def test_what_is_offered_no_more_is_forgotten_and_what_stays_is_no_news() -> None:
    targets = Targets()
    targets.offered([Candidate(Kind.HOST, ONE), Candidate(Kind.HOST, OTHER)])
    kept = targets.get(OTHER)
    assert not targets.offered([Candidate(Kind.MAPPED, OTHER)])
    assert targets.get(ONE) is None
    assert targets.get(OTHER) is kept
    assert kept is not None
    assert kept.kind is Kind.MAPPED
    targets.clear()
    assert len(targets) == 0


def test_once_stopped_nothing_is_dialled_until_the_next_volley() -> None:
    targets = Targets()
    targets.offered([Candidate(Kind.HOST, ONE), Candidate(Kind.HOST, OTHER)])
    targets.fire(0)
    under_way = targets.next(0)
    assert under_way is not None
    under_way.dialled()
    targets.stop()
    under_way.ended(Outcome.REFUSED, 0.0, 5)
    assert targets.next_timeout() == float("inf")
    assert targets.best() == -1
    targets.fire(10)
    assert targets.next_timeout() == 10


def test_a_new_search_counts_anew() -> None:
    targets = Targets()
    targets.offered([Candidate(Kind.HOST, ONE)])
    target = targets.get(ONE)
    assert target is not None
    target.dialled()
    targets.begin()
    assert target.asked == 0
