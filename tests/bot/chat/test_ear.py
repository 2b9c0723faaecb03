"""The ear against a real server: what it takes, and what it leaves to the library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode

from bot.chat.ear import EarConnection


def talk_to(
    server: Callable[[ServerConnection], Awaitable[None]],
    client: Callable[[EarConnection], Awaitable[None]],
) -> None:
    async def main() -> None:
        async with serve(server, "127.0.0.1", 0, compression=None) as listening:
            url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            async with connect(url, create_connection=EarConnection, compression=None, proxy=None) as ear:
                assert isinstance(ear, EarConnection)
                await client(ear)

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_whole_text_skips_the_queue_and_everything_else_does_not() -> None:
    heard: list[str] = []

    async def server(socket: ServerConnection) -> None:
        await socket.send("before")
        await socket.recv()
        await socket.send("whole")
        await socket.send(["frag", "ments"])
        await socket.send(b"binary")
        await socket.wait_closed()

    async def client(ear: EarConnection) -> None:
        assert await ear.recv() == "before"
        ear.on_text = heard.append
        await ear.send("go")
        assert [await ear.recv(), await ear.recv()] == ["fragments", b"binary"]
        assert heard == ["whole"]

    talk_to(server, client)


def test_text_is_handed_over_inside_the_call_that_read_it() -> None:
    async def server(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async def client(ear: EarConnection) -> None:
        heard: list[str] = []
        ear.on_text = heard.append
        ear.data_received(b"\x81\x02hi")
        assert heard == ["hi"]

    talk_to(server, client)


def test_text_that_is_no_utf8_closes_the_connection_as_the_library_does() -> None:
    async def server(socket: ServerConnection) -> None:
        socket.protocol.send_text(b"\xff\xfe")
        socket.send_data()
        await socket.wait_closed()

    async def client(ear: EarConnection) -> None:
        ear.on_text = lambda text: pytest.fail(f"heard {text!r}")
        with pytest.raises(ConnectionClosedError, match="1007"):
            await ear.recv()

    talk_to(server, client)


def test_control_frames_are_none_of_its_business() -> None:
    async def server(socket: ServerConnection) -> None:
        await (await socket.ping())
        await socket.send("alive")
        await socket.wait_closed()

    async def client(ear: EarConnection) -> None:
        heard = asyncio.Event()
        ear.on_text = lambda text: heard.set()
        await heard.wait()
        ear.process_event(Frame(Opcode.PING, b""))

    talk_to(server, client)
