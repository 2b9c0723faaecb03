"""Due actions in the right order, at the right time; everything else refused whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.codes import Control
from injector.rules import Rules
from injector.timeline import MARGIN_MS, MAX_LIVE, Timeline, Verdict
from tunnel.frame import MAX_DATE, Frame, SequenceId

A, B, UP, GUIDE, LX = Control.A, Control.B, Control.UP, Control.GUIDE, Control.LX
MakeFrames = Callable[..., tuple[Frame, ...]]
ONE, TWO, THREE = SequenceId(1), SequenceId(2), SequenceId(3)


def played(timeline: Timeline, until: float) -> list[tuple[float, int, str, float]]:
    """(due, sequence, control, value) of everything due by then."""
    return [
        (action.due_ms, action.id, str(control), value)
        for action in timeline.advance(until)
        for control, value in action.changes
    ]


def test_frames_are_played_at_their_dates(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    assert timeline.add(ONE, frames((1000, A, 1), (1200, A, 0)), 1000.0, 0.0, 1000.0) is Verdict.ACCEPTED
    assert played(timeline, 1000.0) == [(1000.0, 1, "A", 1.0)]
    assert timeline.next_timeout() == 1200.0
    assert played(timeline, 1199.9) == []
    assert played(timeline, 1200.0) == [(1200.0, 1, "A", 0.0)]
    assert timeline.next_timeout() is None


def test_a_late_sequence_is_shifted_whole(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (200, A, 0), (300, B, 1), (350, B, 0)), 5000.0, 640.0, 5640.0)
    dates = [due for due, *_ in played(timeline, 9000.0)]
    assert dates == [5640.0, 5840.0, 5940.0, 5990.0]


def test_a_sequence_from_the_future_waits(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (10, A, 0)), 130.0, -30.0, 100.0)
    assert timeline.next_timeout() == 130.0


def test_the_first_and_the_last_action_of_a_sequence_say_so(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (1, B, 1), (2, A, 0)), 0.0, 0.0, 0.0)
    assert [(a.first, a.last) for a in timeline.advance(9.0)] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_an_input_older_than_the_limit_is_dropped_whole(frames: MakeFrames) -> None:
    timeline = Timeline(Rules(stale_after_ms=1500.0))
    assert timeline.add(ONE, frames((0, A, 1), (9000, A, 0)), 0.0, 1500.1, 1500.1) is Verdict.STALE
    assert timeline.add(TWO, frames((0, A, 1)), 0.0, float("nan"), 0.0) is Verdict.STALE
    assert timeline.next_timeout() is None
    assert timeline.add(THREE, frames((0, A, 1)), 0.0, 1500.0, 1500.0) is Verdict.ACCEPTED


def test_releases_come_before_presses_of_the_same_moment(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, B, 1), (100, B, 0)), 100.0, 0.0, 0.0)
    timeline.add(TWO, frames((0, A, 1), (100, A, 0)), 0.0, 0.0, 0.0)
    assert [(id, control, value) for _, id, control, value in played(timeline, 100.0)] == [
        (2, "A", 1.0),
        (2, "A", 0.0),
        (1, "B", 1.0),
    ]


def test_releases_come_first_inside_a_sequence_too(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (50, B, 1), (50, A, 0), (90, B, 0)), 0.0, 0.0, 0.0)
    assert [(control, value) for _, _, control, value in played(timeline, 50.0)] == [
        ("A", 1.0),
        ("A", 0.0),
        ("B", 1.0),
    ]


def test_ties_go_by_arrival_and_then_as_the_sequence_says(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(TWO, frames((0, B, 1), (0, A, 1), (50, B, 0), (50, A, 0)), 0.0, 0.0, 0.0)
    timeline.add(ONE, frames((0, UP, 1), (50, UP, 0)), 0.0, 0.0, 0.0)
    assert [control for _, _, control, _ in played(timeline, 0.0)] == ["B", "A", "UP"]


@pytest.mark.parametrize(
    ("index", "pads", "targets"),
    [(1, 1, (1,)), (2, 4, (2,)), (4, 4, (4,)), (0, 3, (1, 2, 3)), (5, 2, (1, 2)), (2**31 - 1, 1, (1,))],
)
def test_an_index_picks_its_pads(index: int, pads: int, targets: tuple[int, ...]) -> None:
    timeline = Timeline(Rules(pads=pads))
    timeline.add(ONE, (Frame(index, 1300, 0),), 0.0, 0.0, 0.0)
    assert timeline.advance(0.0)[0].pads == targets


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (Frame(-1, 1300, 0), "no_such_pad"),
        (Frame(-(2**31), 1300, 0), "no_such_pad"),
        (Frame(2, 1300, 0), "no_such_pad"),
        (Frame(1, 1319, 0), "denied"),
        (Frame(1, 1065, 0), "unknown_value"),
        (Frame(1, 1390, 0), "unknown_value"),
        (Frame(1, -5, 0), "unknown_value"),
    ],
)
def test_one_bad_frame_refuses_the_whole_sequence(frame: Frame, reason: str) -> None:
    timeline = Timeline(Rules(pads=1))
    frames = (Frame(1, 1300, 0), frame, Frame(1, 2300, 0))
    assert timeline.add(ONE, frames, 0.0, 0.0, 0.0) is Verdict.REFUSED
    assert timeline.counters == {reason: 1}
    assert timeline.next_timeout() is None


def test_letting_go_of_a_denied_control_is_harmless() -> None:
    timeline = Timeline(Rules())
    held_state = 1_700_000_000 + 0b100  # A down; it names the home button too, as up
    assert timeline.add(ONE, (Frame(1, held_state, 0),), 0.0, 0.0, 0.0) is Verdict.ACCEPTED


def test_a_sequence_ends_within_the_longest_hold_and_a_margin(frames: MakeFrames) -> None:
    timeline = Timeline(Rules(longest_hold_ms=1000.0))
    furthest = int(1000 + MARGIN_MS)
    assert timeline.add(ONE, frames((0, A, 1), (furthest, A, 0)), 0.0, 0.0, 0.0) is Verdict.ACCEPTED
    assert timeline.add(TWO, frames((0, A, 1), (furthest + 1, A, 0)), 0.0, 0.0, 0.0) is Verdict.REFUSED
    assert timeline.add(THREE, frames((0, A, 1), (furthest, A, 0)), 1.0, 0.0, 0.0) is Verdict.REFUSED


@pytest.mark.parametrize("dates", [(0, MAX_DATE), (MAX_DATE, MAX_DATE), (0, 2**63)])
def test_dates_at_the_ends_of_64_bits_are_refused(dates: tuple[int, int]) -> None:
    timeline = Timeline(Rules())
    frames = (Frame(1, 1300, dates[0]), Frame(1, 2300, dates[1]))
    start = float(dates[0])
    assert timeline.add(ONE, frames, start, 1000.0 - start, 1000.0) is Verdict.REFUSED


@pytest.mark.parametrize("start", [float("inf"), float("nan"), 1e300])
def test_a_start_that_is_no_time_is_refused(frames: MakeFrames, start: float) -> None:
    timeline = Timeline(Rules())
    assert timeline.add(ONE, frames((0, A, 1)), start, 0.0, 0.0) is Verdict.REFUSED


def test_the_timeline_is_bounded(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    said = frames((0, A, 1), (100, A, 0))
    for id in range(MAX_LIVE):
        assert timeline.add(SequenceId(id), said, 0.0, 0.0, 0.0) is Verdict.ACCEPTED
    assert timeline.add(SequenceId(MAX_LIVE), said, 0.0, 0.0, 0.0) is Verdict.REFUSED
    assert timeline.counters["full"] == 1
    timeline.advance(100.0)
    assert len(timeline) == 0
    assert timeline.add(SequenceId(MAX_LIVE), said, 0.0, 0.0, 0.0) is Verdict.ACCEPTED


def test_a_live_sequence_cannot_arrive_twice(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((50, A, 1)), 50.0, 0.0, 0.0)
    assert timeline.add(ONE, frames((50, A, 1)), 50.0, 0.0, 0.0) is Verdict.REFUSED


def test_what_is_taken_back_is_not_played(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (100, A, 0)), 0.0, 0.0, 0.0)
    timeline.add(TWO, frames((0, B, 1), (100, B, 0)), 50.0, 0.0, 0.0)
    timeline.advance(0.0)
    assert timeline.cancel((ONE, TWO, THREE, ONE)) == {ONE: True, TWO: False}
    assert timeline.next_timeout() is None
    assert timeline.advance(1000.0) == []


def test_clearing_takes_everything_back(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(ONE, frames((0, A, 1), (100, A, 0)), 0.0, 0.0, 0.0)
    assert timeline.clear() == {ONE: False}
    assert timeline.next_timeout() is None


def test_it_says_what_has_frames_left_in_the_order_it_came(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    timeline.add(TWO, frames((0, A, 1), (100, A, 0)), 0.0, 0.0, 0.0)
    timeline.add(ONE, frames((0, B, 1)), 0.0, 0.0, 0.0)
    timeline.add(THREE, frames((0, B, 1)), 50.0, 0.0, 0.0)
    assert timeline.ids() == (TWO, ONE, THREE)
    timeline.advance(0.0)
    assert timeline.ids() == (TWO, THREE)
    timeline.cancel((TWO,))
    assert timeline.ids() == (THREE,)


def test_taking_back_leaves_nothing_behind(frames: MakeFrames) -> None:
    timeline = Timeline(Rules())
    said = frames((0, A, 1), (50_000, A, 0))
    for id in range(10_000):
        timeline.add(SequenceId(id), said, 100.0, 0.0, 0.0)
        timeline.cancel((SequenceId(id),))
    assert len(timeline._heap) <= 1_100  # the bound is the point, and nothing outside shows it


fields = st.tuples(
    st.one_of(st.integers(-2, 6), st.integers(-(2**31), 2**31 - 1)),
    st.one_of(st.integers(1290, 1400), st.integers(2290, 2400), st.integers(-(2**31), 2**31 - 1)),
    st.one_of(st.integers(0, 70_000), st.integers(0, MAX_DATE)),
)


@settings(max_examples=200)
@given(st.lists(fields, min_size=1, max_size=6), st.floats(), st.floats(), st.floats(0, 1e13))
def test_any_sequence_is_played_in_order_to_its_end_or_leaves_no_trace(
    drawn: list[tuple[int, int, int]], start: float, age: float, now: float
) -> None:
    frames = tuple(Frame(*each) for each in sorted(drawn, key=lambda each: each[2]))
    timeline = Timeline(Rules(pads=2))
    if timeline.add(ONE, frames, start, age, now) is Verdict.ACCEPTED:
        due = [action.due_ms for action in timeline.advance(float("inf"))]
        assert len(due) == len(frames)
        assert due == sorted(due)
        assert due[0] >= now
    assert timeline.next_timeout() is None
    assert len(timeline) == 0
