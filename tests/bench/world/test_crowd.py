"""Viewers on real sockets."""

from __future__ import annotations

import asyncio

from bench.world.crowd import Crowd
from bench.world.twitch import LocalTwitch


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
