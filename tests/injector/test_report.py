"""A report answers for each control, and two of them differ in exactly what `changes` says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.codes import BUTTONS, STICKS, TRIGGERS, Control
from injector.report import BUTTON_BIT, NEUTRAL, Report, changes

axis = st.floats(-1, 1)
reports = st.builds(Report, st.integers(0, (1 << len(BUTTONS)) - 1), axis, axis, axis, axis, axis, axis)


def test_a_neutral_report_has_every_control_at_rest() -> None:
    assert [NEUTRAL.value(control) for control in Control] == [0] * 21


def test_each_button_has_its_own_bit() -> None:
    for control in BUTTONS:
        held = [other for other in BUTTONS if Report(BUTTON_BIT[control]).value(other)]
        assert held == [control]


def test_each_axis_has_its_own_field() -> None:
    report = Report(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    assert [report.value(control) for control in (*STICKS, *TRIGGERS)] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_buttons_change_before_axes() -> None:
    after = Report(BUTTON_BIT[Control.Y] | BUTTON_BIT[Control.A], lx=0.5)
    assert list(changes(NEUTRAL, after)) == [(Control.A, 1), (Control.Y, 1), (Control.LX, 0.5)]


def test_what_is_released_comes_before_what_is_pressed() -> None:
    before = Report(BUTTON_BIT[Control.B] | BUTTON_BIT[Control.LEFT], lx=0.5, rt=1.0)
    after = Report(BUTTON_BIT[Control.A] | BUTTON_BIT[Control.LEFT], ly=-0.5, rt=0.5)
    assert list(changes(before, after)) == [
        (Control.B, 0),
        (Control.LX, 0),
        (Control.A, 1),
        (Control.LY, -0.5),
        (Control.RT, 0.5),
    ]


@given(reports, reports)
def test_no_control_is_pressed_before_another_is_released(before: Report, after: Report) -> None:
    resting = [not value for _, value in changes(before, after)]
    assert resting == sorted(resting, reverse=True)


@given(reports, reports)
def test_changes_lead_from_one_report_to_the_other(before: Report, after: Report) -> None:
    told = dict(changes(before, after))
    for control in Control:
        assert told.get(control, before.value(control)) == after.value(control)
