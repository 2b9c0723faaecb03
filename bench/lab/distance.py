"""Puts a distance before a relay: `python -m bench.lab.distance HOST PORT TO_HOST TO_PORT MS [MARK]`.

Forwards TCP, and every byte takes so long each way. Without it all ways of the laboratory would take the same
time, none, and which of them is first would be a matter of luck. (The kernel's own means for this, netem, is
not in every kernel.)

With a mark the relay sees where its members come from, as it must to tell them: our socket borrows their
address, its packets bear the mark, and the namespace leads what answers them back here (world.py).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from typing import Final

_IPV6_TRANSPARENT: Final = 75  # linux/in6.h; Python has no name for it
_SO_MARK: Final = 36  # asm-generic/socket.h; nor for this


class Distance:
    """`seconds` is what a byte takes one way; for `mark` see above, None: the relay sees us."""

    def __init__(self, host: str, port: int, seconds: float, mark: int | None = None) -> None:
        self._host = host
        self._port = port
        self._seconds = seconds
        self._mark = mark

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; either end's end is the end of both."""
        try:
            far_reader, far_writer = await self._connect(writer.get_extra_info("peername")[:2])
        except OSError:
            writer.close()
            return
        done, waiting = await asyncio.wait(
            [
                asyncio.create_task(self._carry(reader, far_writer)),
                asyncio.create_task(self._carry(far_reader, writer)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in (*done, *waiting):
            task.cancel()
        await asyncio.gather(*done, *waiting, return_exceptions=True)
        writer.close()
        far_writer.close()

    async def _connect(self, member: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._mark is None:
            return await asyncio.open_connection(self._host, self._port)
        sock = _borrowed(member, self._mark)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (self._host, self._port))
            return await asyncio.open_connection(sock=sock)
        except BaseException:
            sock.close()
            raise

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(self._seconds, _put, writer, data)


def _borrowed(member: tuple[str, int], mark: int) -> socket.socket:
    """A socket that has somebody else's address. Needs root."""
    sock = socket.socket(socket.AF_INET6 if ":" in member[0] else socket.AF_INET)
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_TRANSPARENT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TRANSPARENT, 1)
        sock.setsockopt(socket.SOL_SOCKET, _SO_MARK, mark)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The member may come again from the same port at once: nothing of this connection may remain.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.setblocking(False)
        sock.bind(member)
    except BaseException:
        sock.close()
        raise
    return sock


def _put(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


async def main(host: str, port: str, to_host: str, to_port: str, milliseconds: str, mark: str = "") -> None:
    """Until killed."""
    distance = Distance(to_host, int(to_port), float(milliseconds) / 1000, int(mark) if mark else None)
    server = await asyncio.start_server(distance.serve, host, int(port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
