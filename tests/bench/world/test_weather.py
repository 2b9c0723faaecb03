"""Made-up weather: it delays and loses datagrams, never texts, never their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.world.weather import Climate, Weather


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


def through(climate: Climate, test: Callable[[ClientConnection], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0) as server:
            weather = Weather(climate, seed=1)
            await weather.start(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            try:
                async with connect(f"ws://127.0.0.1:{weather.port}", proxy=None) as socket:
                    await test(socket)
            finally:
                await weather.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_what_is_not_lost_arrives_in_order_whatever_the_jitter() -> None:
    async def test(socket: ClientConnection) -> None:
        for number in range(50):
            await socket.send(bytes([number]))
        assert [await socket.recv() for _ in range(50)] == [bytes([number]) for number in range(50)]

    through(Climate(2, 2, 0), test)


def test_datagrams_are_lost_and_texts_are_not() -> None:
    async def test(socket: ClientConnection) -> None:
        for _ in range(100):
            await socket.send(b"x")
        await socket.send("the end")
        arrived = 0
        while await socket.recv() != "the end":
            arrived += 1
        assert 0 < arrived < 60  # half of a half, both ways

    through(Climate(0, 0, 0.5), test)


def test_nothing_arrives_before_its_delay() -> None:
    async def test(socket: ClientConnection) -> None:
        before = asyncio.get_running_loop().time()
        await socket.send(b"x")
        await socket.recv()
        assert asyncio.get_running_loop().time() - before >= 0.04

    through(Climate(20, 0, 0), test)


def test_without_a_relay_behind_it_the_connection_closes() -> None:
    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0) as server:
            nobody = server.sockets[0].getsockname()[1]
        weather = Weather(Climate(0, 0, 0), seed=1)
        await weather.start(f"ws://127.0.0.1:{nobody}")
        async with connect(f"ws://127.0.0.1:{weather.port}", proxy=None) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        await weather.stop()

    asyncio.run(asyncio.wait_for(main(), 30))
