"""What stands before a relay hands every byte on, late, and ends when either side does."""

from __future__ import annotations

import asyncio

from bench.lab.distance import Distance


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says everything back until the line "end"."""
    while line := await reader.readline():
        if line == b"end\n":
            break
        writer.write(line)
    writer.close()


def test_bytes_come_through_both_ways_after_their_time_and_an_end_is_passed_on() -> None:
    async def main() -> None:
        far = await asyncio.start_server(echo, "127.0.0.1", 0)
        distance = Distance("127.0.0.1", far.sockets[0].getsockname()[1], 0.05)
        near = await asyncio.start_server(distance.serve, "127.0.0.1", 0)
        async with far, near:
            reader, writer = await asyncio.open_connection(*near.sockets[0].getsockname()[:2])
            loop = asyncio.get_running_loop()
            began = loop.time()
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"
            assert loop.time() - began >= 0.1  # there and back
            writer.write(b"end\n")
            assert await reader.read() == b""
            writer.close()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_nobody_behind_it_is_an_end_too() -> None:
    async def main() -> None:
        gone = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = gone.sockets[0].getsockname()[1]
        gone.close()
        await gone.wait_closed()
        near = await asyncio.start_server(Distance("127.0.0.1", port, 0.0).serve, "127.0.0.1", 0)
        async with near:
            reader, writer = await asyncio.open_connection(*near.sockets[0].getsockname()[:2])
            assert await reader.read() == b""
            writer.close()

    asyncio.run(asyncio.wait_for(main(), 30))
