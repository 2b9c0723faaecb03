"""What a run comes to."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.world.summary import Latencies, PathTotal, Summary, Totals, nearest_rank
from bot.observer import BotStats
from config.play import ModeName

STATS = BotStats(
    lines=200, talk=10, asked=0, voted=0, refused=5, limited=3, commands=100, prompted=0, passed_over=0,
    shed=1, late=2, cancelled=4, applied=80,
    stale=5, declined=1, lost=3, waiting=1, in_flight=3,
)  # fmt: skip
SUMMARY = Summary(
    totals=Totals(100, 100, 0, 0, 0, 0, 0),
    doubled=0,
    p50=1.23456,
    p95=2.0,
    p99=3.0,
    highest=4.0,
    paths=(PathTotal("alder", "up", 90, 60), PathTotal("birch", "cut", 40, 40)),
    seconds=20.04,
)


def test_every_command_has_exactly_one_end() -> None:
    totals = Totals.of(STATS)
    assert totals.commands == totals.accounted == 100
    assert (totals.late, totals.lost, totals.in_flight) == (7, 4, 4)


def test_the_json_is_the_contracts() -> None:
    assert json.loads(json.dumps(SUMMARY.as_json())) == {
        "mode": "anarchy",
        "commands": 100,
        "played": 100,
        "late": 0,
        "lost": 0,
        "doubled": 0,
        "latency_ms": {"p50": 1.235, "p95": 2.0, "p99": 3.0, "max": 4.0},
        "paths": [
            {"name": "alder", "state": "up", "sent": 90, "first": 60},
            {"name": "birch", "state": "cut", "sent": 40, "first": 40},
        ],
        "seconds": 20.0,
    }


def test_what_a_mode_did_not_choose_is_an_end_too_and_what_nobody_typed_is_no_command() -> None:
    totals = Totals.of(dataclasses.replace(STATS, commands=120, prompted=2, passed_over=22))
    assert totals.commands == totals.accounted == 120
    summary = dataclasses.replace(SUMMARY, totals=totals, mode="democracy")
    assert (summary.as_json()["passed_over"], summary.as_json()["prompted"]) == (22, 2)
    assert "22 outvoted or the same as the winner" in summary.as_text()
    assert "vote's end to pad" in summary.as_text()


@pytest.mark.parametrize("mode", get_args(ModeName))
def test_every_mode_has_a_word_for_what_it_does_not_play(mode: ModeName) -> None:
    totals = dataclasses.replace(SUMMARY.totals, passed_over=7)
    text = dataclasses.replace(SUMMARY, totals=totals, mode=mode).as_text()
    assert text.startswith(f"{mode}: 100 commands in 20 s: 100 played, 0 late, 0 lost, 0 doubled, 7 ")


def test_what_only_some_runs_have_is_added_where_it_is_not_nothing() -> None:
    summary = dataclasses.replace(SUMMARY, totals=Totals.of(STATS), weather=True)
    extra = {key: summary.as_json()[key] for key in ("cancelled", "refused", "in_flight", "weather")}
    assert extra == {"cancelled": 4, "refused": 1, "in_flight": 4, "weather": True}


def test_a_run_without_any_input_has_no_latencies_and_says_so() -> None:
    summary = dataclasses.replace(SUMMARY, p50=None, p95=None, p99=None, highest=None, paths=())
    assert summary.as_json()["latency_ms"] == {"p50": None, "p95": None, "p99": None, "max": None}
    assert "unknown" in summary.as_text()


def test_people_read_the_same_figures_and_that_the_weather_was_made_up() -> None:
    text = dataclasses.replace(SUMMARY, totals=Totals.of(STATS), weather=True).as_text()
    for words in (
        "100 commands in 20 s",
        "80 played",
        "4 cancelled",
        "median 1.2 ms",
        "alder",
        "made-up weather",
    ):
        assert words in text


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 100))
def test_so_many_of_a_hundred_are_at_or_below_a_percentile(values: list[float], percent: float) -> None:
    ordered = sorted(values)
    found = nearest_rank(ordered, percent)
    assert found is not None
    assert sum(value <= found for value in ordered) >= math.floor(len(ordered) * percent / 100)
    assert found in ordered


def test_latencies_are_exact_while_there_is_room() -> None:
    latencies = Latencies(most=100)
    for value in range(1, 101):
        latencies.add(float(value))
    assert latencies.percentiles(50, 99, 100) == (50.0, 99.0, 100.0)


def test_more_latencies_than_there_is_room_for_are_thinned_and_the_highest_kept() -> None:
    latencies = Latencies(most=100)
    latencies.add(1e6)
    for value in range(10_000):
        latencies.add(float(value))
    (median,) = latencies.percentiles(50)
    assert median is not None
    assert 4_500 < median < 5_500
    assert latencies.highest == 1e6
    assert len(latencies._samples) <= 100


def test_nothing_has_no_percentiles() -> None:
    assert Latencies().percentiles(50) == (None,)
