"""The chapter of the seeded network."""

from __future__ import annotations

from typing import Any

import pytest

from bench import simulated
from bench.world.simnet import Weather


def test_nothing_is_lost_or_doubled_on_five_rough_paths(by_name: Any) -> None:
    figures = by_name(simulated.measure(100))
    assert figures["of 100 sequences in rough weather, played twice"].value == 0
    assert figures["lost or dropped as stale"].value == 0
    assert figures["later than 250 ms"].baseline is not None


def test_the_same_seed_measures_the_same() -> None:
    assert simulated.measure(100) == simulated.measure(100)


def test_a_network_that_swallows_everything_is_told(monkeypatch: pytest.MonkeyPatch, by_name: Any) -> None:
    monkeypatch.setattr(simulated, "ROUGH", Weather(delay=2_000.0))  # past the age at which inputs are stale
    lost = by_name(simulated.measure(20))["lost or dropped as stale"]
    assert (lost.value, lost.met) == (1.0, False)
