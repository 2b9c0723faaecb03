from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidMessage

from tunnel.relay.settings import TlsFiles

if TYPE_CHECKING:
    from tests.tunnel.relay.conftest import World

FLOOD = 300


async def silent(port: int) -> asyncio.StreamWriter:
    """A TCP connection that says nothing."""
    return (await asyncio.open_connection("127.0.0.1", port))[1]


def test_members_talk_over_tls(world: World, tls_files: TlsFiles, trusting: ssl.SSLContext) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            bot = await world.log_in(server, context=trusting)
            receiver = await world.log_in(server, context=trusting)
            await bot.send(bytes(1_200))
            assert await receiver.recv() == bytes(1_200)

    world.run(main())


@pytest.mark.parametrize("secure", [False, True])
def test_connections_that_never_log_in_fill_the_waiting_places_and_no_others(
    world: World, tls_files: TlsFiles, secure: bool, request: pytest.FixtureRequest
) -> None:
    context = request.getfixturevalue("trusting") if secure else None

    async def main() -> None:
        tls = tls_files if secure else None
        async with world.relay(tls=tls, waiting=20, waiting_per_address=20) as server:
            bot = await world.log_in(server, context=context)
            receiver = await world.log_in(server, context=context)
            flood = [await silent(server.port) for _ in range(FLOOD)]
            await world.until(lambda: world.counts(server, "turned_away").get("waiting") == FLOOD - 20)
            assert server.snapshot()["waiting"] == 20
            await bot.send(b"press")
            assert await receiver.recv() == b"press"
            for writer in flood:
                writer.transport.abort()
            await world.until(lambda: server.snapshot()["connections"] == 2)
            await world.log_in(server, context=context)

    world.run(main())


def test_one_address_is_turned_away_before_all_places_are_taken(world: World) -> None:
    async def main() -> None:
        async with world.relay(waiting_per_address=1) as server:
            writer = await silent(server.port)
            await world.until(lambda: server.snapshot()["waiting"] == 1)
            with pytest.raises((InvalidMessage, OSError)):
                await world.open(server)
            assert world.counts(server, "turned_away") == {"waiting_per_address": 1}
            writer.transport.abort()

    world.run(main())


def test_a_client_that_speaks_no_tls_leaves_nothing_behind(world: World, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            writer = await silent(server.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * 20)
            await world.until(lambda: server.snapshot()["connections"] == 1)
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert server.snapshot()["waiting"] == 0
            writer.transport.abort()

    world.run(main())


def test_stopping_ends_what_is_still_in_its_tls_handshake(world: World, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            writer = await silent(server.port)
            await world.until(lambda: server.snapshot()["waiting"] == 1)
            await server.stop()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            writer.transport.abort()

    world.run(main())


def test_bytes_that_are_no_http_get_no_answer_and_are_forgotten(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(bytes(range(256)) * 400)
            assert await reader.read() == b""
            writer.transport.abort()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            await world.log_in(server)

    world.run(main())
