from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tunnel.links.fast import FastConnection

if TYPE_CHECKING:
    from tests.tunnel.relay.conftest import World


class Fast(FastConnection, ClientConnection):
    pass


async def hello(server: ServerConnection) -> None:
    """Sends one of everything."""
    await server.send(b"before")
    await server.recv()
    await server.send("text")
    await server.send(b"whole")
    await server.send([b"frag", b"ments"])
    await server.wait_closed()


def test_a_whole_binary_message_skips_the_queue_and_everything_else_does_not(world: World) -> None:
    async def main() -> None:
        async with serve(hello, "127.0.0.1", 0, compression=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url, create_connection=Fast, compression=None, proxy=None) as client:
                assert isinstance(client, Fast)
                got: list[bytes] = []
                assert await client.recv() == b"before"
                client.on_datagram = got.append
                await client.send("go")
                assert [await client.recv(), await client.recv()] == ["text", b"fragments"]
                assert got == [b"whole"]

    world.run(main())


def test_it_is_handed_over_inside_the_call_that_read_it(world: World) -> None:
    async def main() -> None:
        async with serve(hello, "127.0.0.1", 0, compression=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with connect(url, create_connection=Fast, compression=None, proxy=None) as client:
                assert isinstance(client, Fast)
                got: list[bytes] = []
                client.on_datagram = got.append
                client.data_received(b"\x82\x02hi")
                assert got == [b"hi"]

    world.run(main())


def test_what_is_no_datagram_is_bounded_before_any_queue(world: World) -> None:
    async def flood(server: ServerConnection) -> None:
        try:
            for _ in range(100):
                await server.send("text")
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with serve(flood, "127.0.0.1", 0, compression=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            client = await connect(url, create_connection=Fast, compression=None, proxy=None)
            assert isinstance(client, Fast)
            await client.wait_closed()
            assert client.flooded
            assert len(client.recv_messages.frames) <= 25

    world.run(main())


def test_a_full_buffer_stalls_and_an_emptied_one_calls_back(world: World) -> None:
    async def read_late(server: ServerConnection) -> None:
        server.transport.pause_reading()
        await start.wait()
        server.transport.resume_reading()
        try:
            while True:
                await server.recv()
        except ConnectionClosed:
            pass

    async def main() -> None:
        async with serve(read_late, "127.0.0.1", 0, compression=None, max_size=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            client = await connect(url, create_connection=Fast, compression=None, proxy=None)
            assert isinstance(client, Fast)
            called: list[bool] = []
            client.on_writable = lambda: called.append(True)
            assert not client.paused
            sending = asyncio.create_task(client.send(bytes(30_000_000)))
            await world.until(lambda: client.paused)
            assert not client.stalled(10_000, 0)
            assert client.stalled(10_000, 10_000)
            start.set()
            await world.until(lambda: called)
            await sending
            assert not client.stalled(10_000, 30_000)
            client.transport.abort()

    start = asyncio.Event()
    world.run(main())
