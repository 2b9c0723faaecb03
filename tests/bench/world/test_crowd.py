"""Viewers on real sockets."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import connect

from bench.world.crowd import Crowd
from bench.world.twitch import LocalTwitch
from bench.world.viewers import viewer_names


def test_every_viewer_is_a_member_and_types() -> None:
    async def main() -> None:
        twitch = LocalTwitch()
        await twitch.start()
        crowd = Crowd(twitch.url, "crowdpad", viewers=5, lines_per_second=200, seed=1)
        running = asyncio.create_task(crowd.run())
        try:
            await twitch.joined(5)
            while crowd.counters["lines"] < 20:  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)
        finally:
            running.cancel()
            await asyncio.wait([running])
            await twitch.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_chat_server_that_goes_away_ends_the_crowd_quietly() -> None:
    async def main() -> None:
        twitch = LocalTwitch()
        await twitch.start()
        crowd = Crowd(twitch.url, "crowdpad", viewers=3, lines_per_second=300, seed=1)
        running = asyncio.create_task(crowd.run())
        await twitch.joined(3)
        await twitch.stop()
        await running
        assert crowd.counters["connection_ended"] == 3

    asyncio.run(asyncio.wait_for(main(), 30))


def test_somebody_whose_turn_it_is_hurries_and_everybody_else_takes_their_time() -> None:
    async def main() -> None:
        twitch = LocalTwitch()
        await twitch.start()
        names = viewer_names(3, 1)
        crowd = Crowd(twitch.url, "crowdpad", 3, 0.001, seed=1, player=lambda: names[1])
        running = asyncio.create_task(crowd.run())
        listener = await connect(twitch.url, proxy=None)
        await listener.send("PASS oauth:good\r\nNICK listener\r\nJOIN #crowdpad\r\n")
        said: list[str] = []
        while len(said) < 2:
            said += [line for line in str(await listener.recv()).split("\r\n") if "PRIVMSG" in line]
        assert all(line.startswith(f":{names[1]}!") for line in said)
        running.cancel()
        await asyncio.wait([running])
        await listener.close()
        await twitch.stop()

    asyncio.run(asyncio.wait_for(main(), 30))
