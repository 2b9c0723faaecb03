"""At most once, whatever arrives in whatever order, also where memory and numbers end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.events import Outcome
from tunnel.frame import SequenceId
from tunnel.inbox import MEMORY, Inbox

RANGE = 1 << 32
HALF = RANGE // 2


def admit(inbox: Inbox, id: int) -> bool:
    return inbox.admit(SequenceId(id % RANGE))


def started_at(id: int) -> Inbox:
    """An inbox that has come as far as `id`, by steps that serial arithmetic allows."""
    inbox = Inbox()
    for step in range(HALF - 1, id, HALF - 1):
        admit(inbox, step)
    assert admit(inbox, id)
    return inbox


def test_an_id_is_new_once() -> None:
    inbox = Inbox()
    assert [admit(inbox, id) for id in (1, 1, 3, 2, 3, 2)] == [True, False, True, True, False, False]


def test_what_was_never_seen_has_no_outcome_and_what_was_admitted_is_received() -> None:
    inbox = Inbox()
    assert inbox.outcome(SequenceId(5)) is None
    admit(inbox, 5)
    assert inbox.outcome(SequenceId(5)) is Outcome.RECEIVED
    assert inbox.outcome(SequenceId(4)) is None


def test_the_outcome_is_what_was_settled_last_and_when() -> None:
    inbox = Inbox()
    id = SequenceId(9)
    admit(inbox, id)
    inbox.settle(id, Outcome.APPLIED, 123_456)
    assert inbox.outcome(id) is Outcome.APPLIED
    assert inbox.moment(id) == 123_456
    assert not inbox.admit(id)


@settings(max_examples=50)
@given(
    st.sampled_from([1, 1_000, RANGE - 300]),
    st.lists(st.integers(-200, 600), min_size=1, max_size=120),
)
def test_over_any_order_of_arrival_each_id_is_admitted_at_most_once(start: int, steps: list[int]) -> None:
    inbox = started_at(start)
    seen = {start}
    for step in steps:
        id = (start + step) % RANGE
        if start == 1 and step < 0:
            continue  # before the first one there was none
        assert admit(inbox, id) is (id not in seen)
        seen.add(id)


@settings(max_examples=30)
@given(
    st.lists(
        st.one_of(
            st.integers(-MEMORY - 3, MEMORY + 3),
            st.sampled_from([-MEMORY, -MEMORY + 1, MEMORY - 1, MEMORY, MEMORY + 1, 1, -1]),
        ),
        max_size=12,
    )
)
def test_forgetting_never_means_playing_twice(steps: list[int]) -> None:
    """The model: whatever lies a whole memory behind is refused, everything else is new once."""
    start = 10 * MEMORY
    inbox = started_at(start)
    seen, highest, id = {start}, start, start
    for step in steps:
        id += step
        remembered = id > highest - MEMORY
        assert admit(inbox, id) is (remembered and id not in seen)
        if not remembered:
            assert inbox.outcome(SequenceId(id)) is Outcome.STALE
        seen.add(id)
        highest = max(highest, id)


def test_the_edge_of_memory_is_exact() -> None:
    inbox = started_at(MEMORY + 100)
    assert not admit(inbox, 100)
    assert admit(inbox, 101)
    assert not admit(inbox, 101)


@pytest.mark.parametrize("leap", [MEMORY - 1, MEMORY, MEMORY + 1, 3 * MEMORY + 7, HALF - 50])
def test_a_leap_forward_forgets_what_it_passes_and_only_that(leap: int) -> None:
    inbox = Inbox()
    for id in range(1, 50):
        admit(inbox, id)
        inbox.settle(SequenceId(id), Outcome.REFUSED, id)
    assert admit(inbox, 49 + leap)
    for id in range(1, 50):
        remembered = 49 + leap - id < MEMORY
        assert inbox.outcome(SequenceId(id)) is (Outcome.REFUSED if remembered else Outcome.STALE)
        assert inbox.moment(SequenceId(id)) == (id if remembered else 0)
    assert inbox.outcome(SequenceId(48 + leap)) is None


@pytest.mark.parametrize("step", [2, 3, 10])
def test_what_took_the_place_of_something_forgotten_is_new(step: int) -> None:
    inbox = Inbox()
    for id in range(1, 20):
        admit(inbox, id)
    admit(inbox, MEMORY)
    admit(inbox, MEMORY + step)
    assert all(admit(inbox, MEMORY + passed) for passed in range(1, step))


def test_numbers_go_round_and_old_ones_stay_old() -> None:
    inbox = started_at(RANGE - 2)
    assert [admit(inbox, id) for id in (RANGE - 1, 0, 1, RANGE - 2, RANGE - 1, 0)] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert admit(inbox, RANGE - 3)
    assert inbox.outcome(SequenceId(RANGE - MEMORY - 10)) is Outcome.STALE


def test_an_id_half_the_range_ahead_could_as_well_be_behind_and_is_refused_for_good() -> None:
    inbox = Inbox()
    for _ in range(2):
        assert not admit(inbox, HALF)
        assert inbox.outcome(SequenceId(HALF)) is Outcome.STALE
    assert admit(inbox, HALF - 1)


def test_a_question_about_something_never_seen_refuses_it_for_good() -> None:
    inbox = Inbox()
    assert inbox.answer_for(SequenceId(7)) is Outcome.STALE
    assert not admit(inbox, 7)
    assert inbox.answer_for(SequenceId(7)) is Outcome.STALE


def test_a_question_about_something_seen_changes_nothing() -> None:
    inbox = Inbox()
    for id, outcome in ((1, Outcome.APPLIED), (2, Outcome.CANCELLED)):
        admit(inbox, id)
        inbox.settle(SequenceId(id), outcome, 5)
        assert inbox.answer_for(SequenceId(id)) is outcome
    admit(inbox, 3)
    assert inbox.answer_for(SequenceId(3)) is Outcome.RECEIVED


def test_a_question_about_something_forgotten_is_answered_stale() -> None:
    inbox = started_at(2 * MEMORY)
    assert inbox.answer_for(SequenceId(5)) is Outcome.STALE
    assert inbox.moment(SequenceId(5)) == 0


def test_settling_what_is_forgotten_does_not_touch_what_took_its_place() -> None:
    inbox = started_at(MEMORY + 5)
    inbox.settle(SequenceId(5), Outcome.APPLIED, 99)
    assert inbox.outcome(SequenceId(MEMORY + 5)) is Outcome.RECEIVED
    inbox.settle(SequenceId(2 * MEMORY + 5), Outcome.APPLIED, 99)  # not seen yet
    assert inbox.outcome(SequenceId(MEMORY + 5)) is Outcome.RECEIVED


def test_a_leap_of_the_ids_costs_no_more_than_a_step() -> None:
    inbox = Inbox()
    for leap in range(1, 2_000):
        inbox.answer_for(SequenceId(leap * (MEMORY - 1)))
    assert inbox.outcome(SequenceId(1_999 * (MEMORY - 1))) is Outcome.STALE
    assert inbox.outcome(SequenceId(1_999 * (MEMORY - 1) - 5)) is None
