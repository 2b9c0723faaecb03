"""The chapter of the winning path's death."""

from __future__ import annotations

from typing import Any

import pytest

from bench import winner
from bench.world.simnet import Weather


def test_the_winning_paths_death_costs_no_input_and_at_most_a_resend_timer(by_name: Any) -> None:
    figures = by_name(winner.measure(2))
    assert all(figure.met for figure in figures.values())
    delayed = figures["most that any input in flight was delayed by it"]
    assert 0 < delayed.value <= delayed.baseline


def test_without_another_path_it_would_show(monkeypatch: pytest.MonkeyPatch, by_name: Any) -> None:
    monkeypatch.setattr(winner, "_RELAYS", [Weather(loss=1.0)] * 4)
    lost = by_name(winner.measure(1))["winning path killed under 200/s in 1 worlds, lost"]
    assert lost.value > 0
    assert not lost.met
