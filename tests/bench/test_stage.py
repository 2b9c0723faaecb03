"""The stage of the live chapters, with its cast of real processes."""

from __future__ import annotations

import asyncio
import multiprocessing

import pytest

from bench import actors
from bench.stage import Stage, chat_line, stage
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


def test_a_line_looks_as_from_one_of_sixty_viewers() -> None:
    lines = [parse(chat_line(number, "a b+up")) for number in range(120)]
    assert len({line.login for line in lines}) == 60
    assert {(line.command, line.params[-1]) for line in lines} == {("PRIVMSG", "a b+up")}
