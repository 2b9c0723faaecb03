"""The status line: what it says, and when."""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple

import pytest

from cli import status
from cli.status import EVERY_MS, StatusLine
from tunnel.wallclock import WallClock


class OnePath(NamedTuple):
    name: str
    state: str


UP = [OnePath("ams1", "up"), OnePath("fra1", "up")]
HALF = [OnePath("ams1", "up"), OnePath("fra1", "waiting")]
COUNTS = {"played": 12, "late": 0}


def test_it_says_who_is_up_who_is_not_and_what_was_played() -> None:
    assert StatusLine().due(0, UP, COUNTS) == "2 of 2 relays up; played 12, late 0"
    assert StatusLine().due(0, HALF, COUNTS) == "1 of 2 relays up (fra1 waiting); played 12, late 0"


def test_a_direct_path_is_no_relay() -> None:
    paths = [*UP, OnePath("direct udp", "up")]
    assert StatusLine().due(0, paths, COUNTS) == "2 of 2 relays up, direct udp up; played 12, late 0"


def test_where_there_is_no_relay_none_is_counted() -> None:
    paths = [OnePath("direct udp", "up"), OnePath("direct tcp", "waiting")]
    assert StatusLine().due(0, paths, COUNTS) == "direct udp up, direct tcp waiting; played 12, late 0"


def test_it_is_silent_until_the_minute_is_over() -> None:
    line = StatusLine()
    assert line.due(1_000, UP, COUNTS)
    assert line.due(1_000 + EVERY_MS - 1, UP, {"played": 99}) is None
    assert line.due(1_000 + EVERY_MS, UP, {"played": 99})


def test_a_relay_that_comes_or_goes_is_told_at_once() -> None:
    line = StatusLine()
    assert line.due(0, UP, COUNTS)
    assert line.due(1, HALF, COUNTS)
    assert line.due(2, HALF, COUNTS) is None
    assert line.due(3, UP, COUNTS)


def test_it_speaks_beside_the_program_and_ends_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(status, "LOOK_EVERY_S", 0.0)
    caplog.set_level(logging.INFO)

    async def main() -> None:
        asked = asyncio.Event()

        def count() -> dict[str, int]:
            asked.set()
            return COUNTS

        async def program() -> None:
            await asked.wait()
            await asyncio.sleep(0)

        before = asyncio.all_tasks()
        await status.beside(program(), lambda: UP, count, WallClock())
        assert asyncio.all_tasks() == before

    asyncio.run(asyncio.wait_for(main(), 30))
    assert caplog.messages == ["2 of 2 relays up; played 12, late 0", "At the end: played 12, late 0"]


def test_what_ends_the_program_comes_through_after_the_last_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def program() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        asyncio.run(status.beside(program(), lambda: UP, lambda: COUNTS, WallClock()))
    assert caplog.messages == ["At the end: played 12, late 0"]
