from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from bench.world.twitch import LocalTwitch

ALL = "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership"


class Client:
    """A chat client of few means: it sends lines and reads until it has seen something."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[str] = []
        self.passed: list[str] = []

    async def send(self, *lines: str) -> None:
        for line in lines:
            await self.socket.send(line)

    async def until(self, word: str) -> str:
        """The first line not yet read that holds this word."""
        while True:
            while self.heard:
                line = self.heard.pop(0)
                if word in line:
                    return line
                self.passed.append(line)
            frame = await self.socket.recv()
            self.heard += [line for line in str(frame).split("\r\n") if line]


@pytest.fixture
def channel_world() -> Callable[..., AbstractAsyncContextManager[tuple[LocalTwitch, Callable[..., Any]]]]:
    """A local chat server with the channel `arcade`, and a way to log clients in."""

    @contextlib.asynccontextmanager
    async def build(**options: Any) -> AsyncIterator[tuple[LocalTwitch, Callable[..., Any]]]:
        twitch = LocalTwitch(("arcade",), **options)
        await twitch.start()

        async with contextlib.AsyncExitStack() as clients:

            async def client(*lines: str, nick: str = "", wants: str = ALL) -> Client:
                """Sends the lines given, or logs in as `nick` and joins."""
                socket = await clients.enter_async_context(connect(twitch.url, compression=None, proxy=None))
                new = Client(socket)
                await new.send(*(lines or (wants, "PASS oauth:good", f"NICK {nick}", "JOIN #arcade")))
                if not lines:
                    await new.until(" 366 ")
                return new

            try:
                yield twitch, client
            finally:
                await twitch.stop()

    return lambda **options: _bounded(build(**options))


@contextlib.asynccontextmanager
async def _bounded(world: AbstractAsyncContextManager[Any]) -> AsyncIterator[Any]:
    async with asyncio.timeout(30), world as inside:
        yield inside
