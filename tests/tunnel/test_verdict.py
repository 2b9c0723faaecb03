"""What people read about a path, as a table of cases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.path import PathId, PathView
from tunnel.verdict import milliseconds, percent, verdict


def view(id: int, delay: float | None, **fields: object) -> PathView:
    calm = PathView(PathId(id), delay, jitter=0.0, loss=0.0, silent_for=100.0, carrying=True)
    return replace(calm, **fields)  # type: ignore[arg-type]  # the cases below spell them rightly


OTHERS = [view(1, 20), view(2, 30), view(3, 40)]
SPARE = {"carrying": False}


@pytest.mark.parametrize(
    ("path", "others", "said"),
    [
        (view(0, 12), [], "the only one that is up"),
        (view(0, 12), OTHERS, "fastest, 12 ms"),
        (view(0, 0.42), OTHERS, "fastest, 0.4 ms"),
        (view(0, 24.6), OTHERS, "second fastest, 25 ms"),
        (view(0, 35), OTHERS, "third fastest, 35 ms"),
        (view(0, 90), OTHERS, "4th fastest, 90 ms"),
        (view(0, None), OTHERS, "not measured yet"),
        (view(0, 12, loss=0.04), OTHERS, "loses 4 %, 12 ms"),
        (view(0, 12, pinned=True), OTHERS, "pinned, 12 ms"),
        (view(0, 12, pinned=True), [view(1, 20, pinned=True)], "fastest, 12 ms"),
        (view(0, 12, pinned=True, silent_for=7_000), OTHERS, "silent for 7 s, tried all the same"),
        (view(0, None, silent_for=float("inf")), OTHERS, "not heard yet, tried all the same"),
        (view(0, 12, spared=True), OTHERS, "spared, but no other one answers"),
        (view(0, 90, **SPARE), OTHERS, "spare: 3 others are faster"),
        (view(0, 12, loss=0.04, **SPARE), OTHERS, "spare: loses 4 %"),
        (view(0, 12, jitter=15, **SPARE), OTHERS, "spare: its delay swings by 15 ms"),
        (view(0, 38, **SPARE), OTHERS, "spare: hardly better than those that carry"),
        (view(0, None, **SPARE), OTHERS, "spare: not measured yet"),
        (view(0, 12, **SPARE), [view(1, 20, pinned=True)], "spare: others are pinned"),
        (view(0, 12, spared=True, **SPARE), OTHERS, "spared: little of its hour is left"),
        (view(0, 12, silent_for=7_000, **SPARE), OTHERS, "silent for 7 s"),
        (view(0, 12, silent_for=float("inf"), **SPARE), OTHERS, "not heard yet"),
    ],
)
def test_a_streamer_is_told_why_a_path_carries_or_not(
    path: PathView, others: list[PathView], said: str
) -> None:
    assert verdict(path, [path, *others], suffering=False) == said


def test_while_answers_are_late_a_slow_path_carries_because_all_do() -> None:
    slow = view(0, 90)
    assert verdict(slow, [slow, *OTHERS], suffering=True) == "all carry while answers are late, 90 ms"
    assert verdict(OTHERS[0], [slow, *OTHERS], suffering=True) == "fastest, 20 ms"
    few = [slow, *OTHERS[:2]]
    assert verdict(slow, few, suffering=True) == "third fastest, 90 ms", "it would carry anyway"


def test_figures_are_as_exact_as_they_are_worth() -> None:
    assert [milliseconds(delay) for delay in (0.04, 3.14, 12.5, 250.0)] == [
        "0.0 ms",
        "3.1 ms",
        "12 ms",
        "250 ms",
    ]
    assert percent(0.0361) == "4 %"


VIEWS = st.builds(
    PathView,
    st.just(PathId(0)),
    st.one_of(st.none(), st.floats(0, 3_000)),
    st.floats(0, 500),
    st.floats(0, 1),
    st.one_of(st.floats(0, 20_000), st.just(float("inf"))),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(VIEWS, min_size=1, max_size=10), st.booleans())
def test_there_is_a_short_phrase_for_every_path_in_every_situation(
    views: list[PathView], suffering: bool
) -> None:
    up = [replace(path, id=PathId(place)) for place, path in enumerate(views)]
    for path in up:
        assert 0 < len(verdict(path, up, suffering=suffering)) <= 50
