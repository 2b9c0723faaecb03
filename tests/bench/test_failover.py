"""The failover chapter, once, with two relays instead of five and shorter waits."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

import pytest

from bench import failover


def test_both_stories_are_told_and_nothing_is_lost_or_doubled(
    monkeypatch: pytest.MonkeyPatch, by_name: Any
) -> None:
    for name, value in {"RELAYS": 2, "RATE": 50.0, "_STEP_S": 0.3, "_SETTLE_S": 2.0, "_DARK_S": 1.5}.items():
        monkeypatch.setattr(failover, name, value)
    figures = by_name(asyncio.run(asyncio.wait_for(failover.measure(), 120)))
    assert multiprocessing.active_children() == []
    lost = next(figure for name, figure in figures.items() if name.endswith("not played"))
    assert lost.value == 0
    assert figures["played twice"].value == 0
    slowest = figures["slowest from bot to device"]
    assert 0 < slowest.baseline <= slowest.value
    assert figures["all five killed: buttons still held after four seconds"].baseline == 1
    assert figures["first input after the first relay's return"].value > 0
