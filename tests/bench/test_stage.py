"""The stage of the live chapters, with its cast of real processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from bench import actors
from bench.stage import LINES_PER_FRAME, Stage, Watch, chat_line, stage
from bot.chat.irc_message import parse

DEADLINE_S = 120


async def played(cast: Stage) -> int:
    count: int = (await asyncio.to_thread(cast.receiver.ask))["played"]
    return count


def test_lines_are_played_before_and_after_a_relay_s_death_and_nobody_outlives_the_stage() -> None:
    async def main() -> None:
        async with stage(1, keep=True) as cast:
            cast.chat.raw(chat_line(0, "a"))
            while await played(cast) < 1:
                pass  # the question itself waits
            cast.kill_relay(0)
            await cast.start_relay(0)
            number = 0
            while await played(cast) < 2:
                # A line typed before the tunnel is back may grow stale, and is not asked for again.
                number += 1
                cast.chat.raw(chat_line(number, "b"))
                await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(main(), DEADLINE_S))
    assert multiprocessing.active_children() == []


def test_a_relay_that_cannot_start_ends_the_stage_and_leaves_nobody_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actors, "relay", actors.bare_relay)  # does not take the arguments of a relay

    async def main() -> None:
        async with stage(2, keep=False):
            raise AssertionError("the stage is up without relays")

    with pytest.raises(RuntimeError, match="says nothing"):
        asyncio.run(asyncio.wait_for(main(), DEADLINE_S))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("viewers", [60, 250])
def test_a_line_looks_as_from_one_of_so_many_viewers(viewers: int) -> None:
    lines = [parse(chat_line(number, "a b+up", viewers)) for number in range(500)]
    assert len({line.login for line in lines}) == viewers
    assert {(line.command, line.params[-1]) for line in lines} == {("PRIVMSG", "a b+up")}


def cast_of(chat: Any, bot: Any = None) -> Stage:
    return Stage(chat, receiver=bot, bot=bot, relays=[], ports=[])


@pytest.mark.parametrize("count", [0, 1, 5, 203])
def test_every_line_is_typed_once_and_in_order(count: int) -> None:
    frames: list[str] = []
    cast = cast_of(SimpleNamespace(raw=frames.append))
    lines = [f"line {number}" for number in range(count)]
    lasted = asyncio.run(cast.type_at(1e6, lines))
    assert [line for frame in frames for line in frame.split("\r\n")] == lines
    assert max((frame.count("\r\n") for frame in frames), default=0) < LINES_PER_FRAME
    assert lasted >= 0


class Bot:
    """Says these figures one after the other, and then the last of them for ever."""

    def __init__(self, *stats: tuple[int, int, int]) -> None:
        self.stats = list(stats)
        self.asked = 0
        self.all_said = threading.Event()

    def ask(self) -> dict[str, Any]:
        self.asked += 1
        if len(self.stats) == 1:
            self.all_said.set()
        commands, waiting, in_flight = self.stats.pop(0) if len(self.stats) > 1 else self.stats[0]
        return {"stats": SimpleNamespace(commands=commands, waiting=waiting, in_flight=in_flight)}


def test_a_stage_settles_when_all_is_taken_and_answered_for() -> None:
    bot = Bot((2, 0, 0), (3, 1, 0), (3, 0, 1), (3, 0, 0))
    asyncio.run(cast_of(None, bot).settle(3, deadline_s=DEADLINE_S))
    assert bot.asked == 4


def test_settling_ends_at_its_deadline() -> None:
    bot = Bot((2, 0, 0))
    asyncio.run(cast_of(None, bot).settle(3, deadline_s=0.15))
    assert bot.asked >= 1


@pytest.mark.parametrize(("in_flight", "most"), [(True, 50), (False, 40)])
def test_a_watch_remembers_the_most_it_saw(
    monkeypatch: pytest.MonkeyPatch, in_flight: bool, most: int
) -> None:
    bot = Bot((0, 5, 2), (0, 40, 0), (0, 10, 40), (0, 0, 0))
    monkeypatch.setattr("bench.stage.LOOK_EVERY_S", 0)

    async def main() -> int:
        async with Watch(cast_of(None, bot), in_flight=in_flight) as watch:
            await asyncio.to_thread(bot.all_said.wait)
        return watch.most

    assert asyncio.run(asyncio.wait_for(main(), DEADLINE_S)) == most


def test_a_watch_on_a_bot_that_died_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.stage.LOOK_EVERY_S", 0)

    def ask() -> None:
        raise RuntimeError("the process bot says nothing")

    async def main() -> None:
        others = asyncio.all_tasks()
        async with Watch(cast_of(None, SimpleNamespace(ask=ask)), in_flight=True):
            await asyncio.wait(asyncio.all_tasks() - others)  # the watch ends by itself

    with pytest.raises(RuntimeError, match="says nothing"):
        asyncio.run(asyncio.wait_for(main(), DEADLINE_S))
