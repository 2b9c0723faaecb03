"""The throughput chapter: once with real processes, and on a cast that can be made to lose lines."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from bench import throughput
from bench.stage import Stage


def run(seconds: float, millions: float) -> Any:
    return asyncio.run(asyncio.wait_for(throughput.measure(seconds, millions), 120))


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Plays every line at once; `lost` of them not, `doubled` of them twice."""
    told = SimpleNamespace(typed=0, lost=0, doubled=0, rss=50.0)

    def bot() -> dict[str, Any]:
        stats = SimpleNamespace(applied=told.typed - told.lost, commands=told.typed, waiting=0, in_flight=0)
        return {"stats": stats}

    def type_lines(frame: str) -> None:
        told.typed += len(frame.split("\r\n"))

    chat: Any = SimpleNamespace(raw=type_lines)
    sender: Any = SimpleNamespace(ask=bot, weigh=lambda: told.rss)
    receiver: Any = SimpleNamespace(ask=lambda: {"doubled": told.doubled}, weigh=lambda: told.rss)

    @asynccontextmanager
    async def stage(relays: int, *, keep: bool) -> AsyncIterator[Stage]:
        yield Stage(chat, receiver, sender, relays=[], ports=[])

    monkeypatch.setattr(throughput, "stage", stage)
    return told


def test_nothing_is_lost_or_doubled_and_memory_is_read_twice(by_name: Any) -> None:
    figures = run(0.1, 0.002)
    assert multiprocessing.active_children() == []
    assert len(figures) in (4, 8)  # without a /proc there is no memory to tell of
    found = by_name(figures[:4])
    assert found["of them not played"].value == 0
    assert found["of them played twice"].value == 0
    assert found["commands/s sustained, three relays"].value > 0
    memory = [figure.name for figure in figures[4:] if figure.name.startswith("memory")]
    assert all(name.endswith("after 2,000 commands") for name in memory)


@pytest.mark.parametrize("count", [1, 5, 203])
def test_exactly_as_many_are_typed_as_are_counted(cast: SimpleNamespace, by_name: Any, count: int) -> None:
    figures = by_name(run(count / throughput.RATE, 0))
    assert cast.typed == count
    assert figures["of them not played"].value == 0


@pytest.mark.parametrize(
    ("fault", "figure"), [("lost", "of them not played"), ("doubled", "of them played twice")]
)
def test_a_single_command_lost_or_doubled_misses_the_promise(
    cast: SimpleNamespace, by_name: Any, fault: str, figure: str
) -> None:
    setattr(cast, fault, 1)
    found = by_name(run(0.01, 0))[figure]
    assert (found.value, found.met) == (1, False)


@pytest.mark.parametrize("millions", [0, 0.00005, 0.0001])
def test_memory_is_not_told_where_nothing_was_typed_between_two_readings(
    cast: SimpleNamespace, millions: float
) -> None:
    assert len(run(0.01, millions)) == 4
    assert cast.typed == 100


def test_memory_after_all_stands_beside_memory_after_a_tenth(cast: SimpleNamespace) -> None:
    figures = run(0.01, 0.002)[4:]
    assert cast.typed == 2_000
    assert [figure.name for figure in figures[::2]] == [
        "memory of the bot after 2,000 commands",
        "memory of the receiver after 2,000 commands",
    ]
    assert {figure.against for figure in figures[::2]} == {"after 200"}
    assert [figure.value for figure in figures] == [50, 0, 50, 0]


def test_a_system_that_tells_no_memory_gets_the_other_figures(cast: SimpleNamespace) -> None:
    cast.rss = None
    assert len(run(0.01, 0.002)) == 4
