from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bench.world import twitch_hall
from bench.world.twitch_hall import Hall
from config.levels import Level
from tunnel.wallclock import WallClock

World = Callable[..., Any]


def test_levels_are_those_given_and_the_owners() -> None:
    hall = Hall(("Arcade",), WallClock())
    hall.levels["ada"] = Level.MODERATOR
    assert hall.level("arcade", "arcade") is Level.BROADCASTER
    assert hall.level("ada", "arcade") is Level.MODERATOR
    assert hall.level("bob", "arcade") is Level.VIEWER


def test_ids_look_like_twitchs_and_differ() -> None:
    hall = Hall(("arcade",), WallClock())
    ids = {hall.next_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert {len(id) for id in ids} == {36}


def test_a_member_that_never_reads_is_disconnected_and_memory_stays_bounded(
    channel_world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(twitch_hall, "MAX_UNREAD_BYTES", 1 << 16)

    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan1")
            reader.socket.transport.pause_reading()
            while not twitch.counters["slow_reader"]:
                twitch.say_many([("ada", "x" * 400)] * 128)
                await asyncio.sleep(0)
            reader.socket.transport.abort()  # it would not read our farewell either

    asyncio.run(main())
