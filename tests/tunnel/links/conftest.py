"""The relay's world, and besides it relays that lie: what they say is a script."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.tunnel.relay.conftest import ROOM, World, tls_files, world
from tunnel.identity import Identity
from tunnel.links.link import LinkError
from tunnel.links.relay import RelayLink
from tunnel.relay.login import Challenge, Welcome

__all__ = ["links", "tls_files", "world"]

Script = Callable[[ServerConnection], Awaitable[None]]

WELCOME = Welcome(1_200, 4_000).to_json()


class WatchedIdentity(Identity):
    """Remembers what it was made to sign."""

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret)
        self.signed: list[str] = []

    def sign_text(self, text: str) -> bytes:
        self.signed.append(text)
        return super().sign_text(text)


@dataclass
class Running:
    """A link that runs, and what it said. Ends with the reason in `error`."""

    link: RelayLink
    identity: WatchedIdentity
    got: list[bytes] = field(default_factory=list)
    ups: int = 0
    error: LinkError | None = None
    task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        def up() -> None:
            self.ups += 1

        try:
            await self.link.run(up, self.got.append)
        except LinkError as error:
            self.error = error


@dataclass
class Links:
    """Makes links and lying relays in a world."""

    world: World

    @asynccontextmanager
    async def lying_relay(self, script: Script) -> AsyncIterator[str]:
        """A WebSocket server at the yielded URL that follows `script` and then waits for the end."""

        async def handler(connection: ServerConnection) -> None:
            await script(connection)
            await connection.wait_closed()

        async with serve(handler, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def honest_login(self, connection: ServerConnection, time_ms: int = 0) -> str:
        """What an honest relay says until the member is in. Returns the member's login."""
        await connection.send(Challenge("liar", "00" * 16, time_ms).to_json())
        login = str(await connection.recv())
        await connection.send(WELCOME)
        return login

    def start(self, url: str, **options: Any) -> Running:
        identity = WatchedIdentity(os.urandom(32))
        options.setdefault("room_name", lambda relay, day: ROOM)
        running = Running(RelayLink(url, identity, clock=self.world.clock, **options), identity)
        running.task = asyncio.create_task(running.run())
        return running

    async def up(self, url: str, **options: Any) -> Running:
        running = self.start(url, **options)
        await self.world.until(lambda: running.ups or running.error)
        assert running.error is None, running.error
        return running

    async def ended(self, running: Running) -> LinkError:
        assert running.task is not None
        await running.task
        assert running.error is not None
        return running.error


@pytest.fixture
def links(world: World) -> Links:
    return Links(world)
