"""What a figure promises, and how figures are shown to people and machines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Figure, percentile, table


def test_a_figure_without_a_limit_promises_nothing() -> None:
    assert Figure("size", 134, "bytes").met is None


@pytest.mark.parametrize(("value", "met"), [(99, True), (100, True), (101, False)])
def test_a_ceiling_is_kept_up_to_the_limit(value: float, met: bool) -> None:
    assert Figure("size", value, "bytes", limit=100).met is met


@pytest.mark.parametrize(("value", "met"), [(99, False), (100, True), (101, True)])
def test_a_floor_is_kept_from_the_limit_on(value: float, met: bool) -> None:
    assert Figure("rate", value, "/s", limit=100, at_least=True).met is met


def test_a_ratio_is_judged_beside_the_baseline_and_anything_else_is_not() -> None:
    assert Figure("delay", 6.0, "ms", 2.0, "bare", 3.0, ratio=True).met is True
    assert Figure("delay", 6.2, "ms", 2.0, "bare", 3.0, ratio=True).met is False
    assert Figure("delay", 6.0, "ms", 2.0, "bare", 3.0).met is False


@pytest.mark.parametrize("baseline", [None, 0.0])
def test_a_ratio_needs_something_to_divide_by(baseline: float | None) -> None:
    with pytest.raises(ValueError, match="needs a baseline"):
        Figure("delay", 1.0, "ms", baseline, "bare", 3.0, ratio=True)


def test_machines_are_told_what_was_judged() -> None:
    told = json.loads(json.dumps(Figure("delay", 6.0, "ms", 2.0, "bare", 2.2, ratio=True).as_json()))
    assert told == {
        "name": "delay",
        "value": 6.0,
        "unit": "ms",
        "baseline": 2.0,
        "against": "bare",
        "judged": 3.0,
        "limit": 2.2,
        "ratio": True,
        "at_least": False,
        "met": False,
    }


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300), st.integers(0, 100))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], percent: int
) -> None:
    found = percentile(values, percent / 100)
    assert found in values
    if percent:
        # Whole numbers on both sides: shares of 1 have no exact form, and rounding may cost one place.
        assert sum(value <= found for value in values) * 100 >= percent * len(values)
        assert sum(value < found for value in values) * 100 <= percent * len(values)


@given(st.lists(st.integers(), min_size=1, max_size=50))
def test_the_ends_and_the_middle_are_the_least_the_greatest_and_the_lower_median(values: list[int]) -> None:
    ordered = sorted(values)
    assert percentile(values, 0) == ordered[0]
    assert percentile(values, 0.5) == ordered[(len(values) - 1) // 2]
    assert percentile(values, 1) == ordered[-1]


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_the_table_says_measured_baseline_ratio_promise_and_whether_it_was_kept() -> None:
    shown = table(
        [
            Figure("rate", 12_345.6, "/s", limit=10_000, at_least=True),
            Figure("delay", 6.0, "ms", 2.5, "bare", 2.2, ratio=True),
            Figure("lost", 3, ""),
        ]
    )
    assert shown.splitlines() == [
        "figure  measured   baseline     ratio  promised",
        "rate    12,346 /s                      at least 10,000  kept",
        "delay   6 ms       2.50 (bare)  2.40   at most 2.20 x   MISSED",
        "lost    3",
    ]


def test_a_table_of_nothing_is_its_heading() -> None:
    assert table([]).split() == ["figure", "measured", "baseline", "ratio", "promised"]


def test_a_small_promise_is_not_shown_as_zero() -> None:
    assert "0.0004 share" in (shown := table([Figure("late", 0.0004, "share", limit=0.001)]))
    assert "at most 0.001" in shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0.001, 1e6))
def test_every_figure_is_one_line(value: float, baseline: float) -> None:
    assert len(table([Figure("any", value, "ms", baseline, "rest")]).splitlines()) == 2
