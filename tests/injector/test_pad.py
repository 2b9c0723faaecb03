"""Holds add up to one report, and nobody lets go for somebody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.codes import BUTTONS, Control
from injector.pad import Pad
from injector.report import NEUTRAL, Report
from tunnel.frame import SequenceId

A, B, UP, DOWN, LX, LT = Control.A, Control.B, Control.UP, Control.DOWN, Control.LX, Control.LT
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


def test_opposite_directions_may_both_be_held() -> None:
    pad = Pad()
    pad.set(ANN, ((UP, 1.0),), 0.0)
    report = pad.set(BEN, ((DOWN, 1.0),), 0.0)
    assert (report.value(UP), report.value(DOWN)) == (1, 1)


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
        st.sampled_from([A, B, UP, LX, LT]),
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
            assert pad.report.value(each) == (float(bool(latest)) if each in BUTTONS else latest)
    for who in (ANN, BEN, CAT):
        pad.drop(who, 99.0)
    assert pad.report == NEUTRAL
    assert pad.oldest_ms is None
