"""Relays that die and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bench.world.relays import Relay, Relays
from bench.world.weather import Climate
from tunnel.wallclock import WallClock


def with_relays(test: Callable[[Relays], Coroutine[Any, Any, None]], *, weather: bool = False) -> None:
    async def main() -> None:
        climates = [Climate(1, 0, 0)] * 2 if weather else None
        relays = Relays(2, WallClock(), frozenset(), climates, seed=1)
        await relays.start()
        try:
            await test(relays)
        finally:
            await relays.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


async def answers(url: str) -> bool:
    host, port = url.removeprefix("ws://").split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def until(listening: bool, relay: Relay) -> None:
    while relay.listening is not listening:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)
    assert await answers(relay.url) is listening


@pytest.mark.parametrize("weather", [False, True])
def test_a_cut_relay_refuses_and_comes_back_where_it_was(weather: bool) -> None:
    async def test(relays: Relays) -> None:
        first, second = relays.urls
        relays.press(1, cut=True)
        assert relays.all[0].cut
        await until(False, relays.all[0])
        assert await answers(second)
        relays.press(1, cut=False)
        await until(True, relays.all[0])
        assert relays.urls == (first, second)

    with_relays(test, weather=weather)


def test_many_presses_end_as_the_last_one_said() -> None:
    async def test(relays: Relays) -> None:
        for cut in (True, False, True, False, True):
            relays.press(2, cut=cut)
            await asyncio.sleep(0)
        await asyncio.gather(*relays._orders)
        await until(False, relays.all[1])
        assert relays.all[1].cut

    with_relays(test)


def test_a_relay_there_is_not_cannot_be_cut() -> None:
    async def test(relays: Relays) -> None:
        relays.press(0, cut=True)
        relays.press(3, cut=True)
        assert not any(relay.cut for relay in relays.all)

    with_relays(test)


def test_stopping_twice_and_without_a_start_is_harmless() -> None:
    async def test(relays: Relays) -> None:
        await relays.stop()

    with_relays(test)
    asyncio.run(Relays(1, WallClock(), frozenset(), None, seed=1).stop())
