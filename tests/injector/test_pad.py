"""Holds add up to one report, and nobody lets go for somebody else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.codes import BUTTONS, Control
from injector.pad import Pad
from injector.report import NEUTRAL, Report
from tunnel.frame import SequenceId

A, B, LX, LT = Control.A, Control.B, Control.LX, Control.LT
UP, DOWN, LEFT, RIGHT = Control.UP, Control.DOWN, Control.LEFT, Control.RIGHT
ANN, BEN, CAT = SequenceId(1), SequenceId(2), SequenceId(3)


def test_a_button_is_down_while_anybody_holds_it() -> None:
    pad = Pad()
    pad.set(ANN, ((A, 1.0),), 0.0)
    pad.set(BEN, ((A, 1.0),), 1.0)
    assert pad.set(ANN, ((A, 0.0),), 2.0).value(A) == 1
    assert pad.set(BEN, ((A, 0.0),), 3.0) == NEUTRAL


def test_letting_go_of_what_one_does_not_hold_does_nothing() -> None:
    pad = Pad()
    pad.set(ANN, ((A, 1.0),), 0.0)
    assert pad.set(BEN, ((A, 0.0),), 1.0).value(A) == 1


def test_an_axis_shows_the_most_recent_hold() -> None:
    pad = Pad()
    pad.set(ANN, ((LX, 1.0),), 0.0)
    assert pad.set(BEN, ((LX, -0.5),), 1.0).lx == -0.5
    assert pad.set(ANN, ((LX, 0.25),), 2.0).lx == 0.25
    assert pad.drop(ANN, 3.0).lx == -0.5
    assert pad.drop(BEN, 4.0) == NEUTRAL


def test_the_end_of_a_sequence_drops_what_it_still_holds() -> None:
    pad = Pad()
    pad.set(ANN, ((A, 1.0), (LT, 0.3)), 0.0)
    pad.set(BEN, ((B, 1.0),), 0.0)
    assert pad.drop(ANN, 1.0) == Report(buttons=pad.report.buttons)
    assert pad.report.value(B) == 1
    assert pad.report.value(A) == 0


def pointing(report: Report) -> list[Control]:
    return [control for control in (UP, DOWN, LEFT, RIGHT) if report.value(control)]


@pytest.mark.parametrize(("one", "other"), [(UP, DOWN), (DOWN, UP), (LEFT, RIGHT), (RIGHT, LEFT)])
def test_of_opposite_directions_the_one_pressed_last_is_down(one: Control, other: Control) -> None:
    pad = Pad()
    pad.set(ANN, ((one, 1.0),), 0.0)
    assert pointing(pad.set(BEN, ((other, 1.0),), 1.0)) == [other]
    assert pointing(pad.set(ANN, ((one, 0.0),), 2.0)) == [other]
    assert pad.drop(BEN, 3.0) == NEUTRAL


def test_a_direction_shows_again_when_the_opposite_one_is_let_go() -> None:
    pad = Pad()
    pad.set(ANN, ((UP, 1.0),), 0.0)
    pad.set(BEN, ((DOWN, 1.0),), 1.0)
    assert pointing(pad.set(CAT, ((UP, 1.0),), 2.0)) == [UP]
    assert pointing(pad.drop(CAT, 3.0)) == [DOWN]  # Ben pressed after Ann
    assert pointing(pad.drop(BEN, 4.0)) == [UP]
    assert pad.drop(ANN, 5.0) == NEUTRAL


def test_directions_that_are_not_opposite_make_a_diagonal() -> None:
    pad = Pad()
    pad.set(ANN, ((UP, 1.0),), 0.0)
    pad.set(BEN, ((LEFT, 1.0),), 1.0)
    assert pointing(pad.set(CAT, ((RIGHT, 1.0),), 2.0)) == [UP, RIGHT]


def test_a_direction_held_too_long_gives_way_to_the_opposite_one() -> None:
    pad = Pad()
    pad.set(ANN, ((DOWN, 1.0),), 0.0)
    pad.set(BEN, ((UP, 1.0),), 5.0)
    pad.set(ANN, ((DOWN, 1.0),), 6.0)
    assert pointing(pad.release_since(4.0, 100.0)) == [UP]


def test_the_oldest_hold_is_the_control_away_from_rest_for_longest() -> None:
    pad = Pad()
    pad.set(ANN, ((A, 1.0),), 10.0)
    pad.set(BEN, ((B, 1.0),), 20.0)
    pad.set(CAT, ((A, 1.0),), 30.0)
    assert pad.oldest_ms == 10.0
    pad.set(ANN, ((A, 0.0),), 40.0)
    assert pad.oldest_ms == 10.0  # Cat still holds it: it never came to rest
    pad.set(CAT, ((A, 0.0),), 50.0)
    assert pad.oldest_ms == 20.0


def test_what_was_held_too_long_is_released_for_everybody() -> None:
    pad = Pad()
    pad.set(ANN, ((A, 1.0),), 0.0)
    pad.set(BEN, ((A, 1.0), (B, 1.0)), 5.0)
    report = pad.release_since(4.0, 100.0)
    assert (report.value(A), report.value(B)) == (0, 1)
    assert pad.set(CAT, ((A, 1.0),), 101.0).value(A) == 1
    assert pad.drop(BEN, 102.0).value(A) == 1


def test_a_report_that_stays_the_same_is_the_same_object() -> None:
    pad = Pad()
    before = pad.set(ANN, ((A, 1.0),), 0.0)
    assert pad.set(BEN, ((B, 0.0),), 0.0) is before


steps = st.lists(
    st.tuples(
        st.sampled_from([ANN, BEN, CAT]),
        st.sampled_from([A, B, UP, DOWN, LX, LT]),
        st.sampled_from([0.0, 0.5, 1.0]),
        st.booleans(),
    ),
    max_size=40,
)


@given(steps)
def test_when_everybody_has_ended_the_pad_is_at_rest(
    drawn: list[tuple[SequenceId, Control, float, bool]],
) -> None:
    pad = Pad()
    holds: dict[Control, dict[SequenceId, float]] = {}
    for now, (who, control, value, ends) in enumerate(drawn):
        if ends:
            pad.drop(who, now)
            for held in holds.values():
                held.pop(who, None)
            continue
        pad.set(who, ((control, value),), now)
        holds.setdefault(control, {}).pop(who, None)
        if value:
            holds[control][who] = value
        for each, held in holds.items():
            latest = list(held.values())[-1] if held else 0.0
            if each not in (UP, DOWN):
                assert pad.report.value(each) == (float(bool(latest)) if each in BUTTONS else latest)
        held_ways = [each for each in (UP, DOWN) if holds.get(each)]
        assert len(pointing(pad.report)) == min(1, len(held_ways))
        assert set(pointing(pad.report)) <= set(held_ways)
    for who in (ANN, BEN, CAT):
        pad.drop(who, 99.0)
    assert pad.report == NEUTRAL
    assert pad.oldest_ms is None
