"""The relay's UDP sockets: each datagram to the answerer, each answer back to where it came from."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, cast

from tunnel.nat.stun import Address, address
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_corners import Corners
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)

# Before a socket that broke is opened again: long enough that breaking it all the time costs nothing, short
# enough that a client's next try (500 ms) finds it open.
_REOPEN_S: Final = 0.2

# On Windows an ICMP "port unreachable", which any stranger can provoke, ends the reading of a UDP socket in
# asyncio's own loop for good (cpython#91227, #127057) and not always with an error at the transport.
_READING_ENDS_WITH_AN_ERROR: Final = sys.platform == "win32"


class StunServer:
    """STUN at some UDP addresses. `open`, then `close`, once each. What it cannot open it only reports."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._answerer = StunAnswerer()
        self._sockets: dict[Address, _StunSocket] = {}
        self._reopening: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def counters(self) -> Counter[str]:
        """Datagrams by what became of them, and what happened to the sockets."""
        return self._answerer.counters

    @property
    def listens(self) -> bool:
        """Whether any of it worked."""
        return bool(self._sockets)

    async def open(
        self, addresses: Iterable[tuple[Any, ...]], alternate: tuple[str, int] | None = None
    ) -> None:
        """Listens at each of these, as `getsockname` gives them.

        alternate  a second address and port. With the first of the others it makes four corners (RFC 5780),
                   or if they cannot all be opened, none
        """
        opened = [where for where in addresses if await self._try_to_open(where)]
        if alternate is None or not opened:
            return
        try:
            await self._open_corners(Corners(_address(opened[0]), _address(alternate)))
        except (OSError, ValueError) as error:
            _log.warning(
                "Cannot answer at %s, port %d, too (%s): this relay will not help to measure routers.",
                *alternate,
                getattr(error, "strerror", None) or error,
            )

    async def _open_corners(self, corners: Corners) -> None:
        missing = [corner for corner in corners.all if corner not in self._sockets]
        try:
            for corner in missing:
                await self._open(corner)
        except OSError:
            for corner in missing:
                if (one := self._sockets.pop(corner, None)) is not None:
                    one.abort()
            raise
        self._answerer.corners = corners

    def close(self) -> None:
        """Frees the ports. Harmless to repeat."""
        self._closed = True
        for task in self._reopening:
            task.cancel()
        for one in self._sockets.values():
            one.abort()
        self._sockets.clear()

    async def _try_to_open(self, where: tuple[Any, ...]) -> bool:
        try:
            await self._open(where)
        except OSError as error:
            _log.warning(
                "Cannot answer at UDP port %d (%s): this relay will not help to find direct paths.",
                where[1],
                error.strerror or error,
            )
            return False
        return True

    async def _open(self, where: tuple[Any, ...]) -> None:
        loop = asyncio.get_running_loop()
        _, one = await loop.create_datagram_endpoint(
            lambda: _StunSocket(self, where), sock=_udp_socket(where)
        )
        self._sockets[_address(where)] = one
        if self._closed:
            self.close()

    def asked(self, data: bytes, source: tuple[Any, ...], at: Address) -> None:
        """A datagram came to our socket `at`. The answer leaves from there, or from where it was wanted."""
        reply = self._answerer.answer(data, str(source[0]), int(source[1]), self._clock.now(), at=at)
        if reply is None:
            return
        one = self._sockets.get(reply.origin or at)
        if one is None or not one.send(reply.data, source):
            self.counters["stalled"] += 1

    def broken(self, where: tuple[Any, ...]) -> None:
        """A socket has ended by itself: there will be another in its place."""
        self.counters["reopened"] += 1
        if not self._closed:
            task = asyncio.get_running_loop().create_task(self._reopen(where))
            self._reopening.add(task)
            task.add_done_callback(self._reopening.discard)

    async def _reopen(self, where: tuple[Any, ...]) -> None:
        while True:
            await asyncio.sleep(_REOPEN_S)
            try:
                return await self._open(where)
            except OSError as error:
                self.counters["cannot_reopen"] += 1
                _log.debug("UDP port %d cannot be opened again yet: %s", where[1], error)


class _StunSocket(asyncio.DatagramProtocol):
    """One socket. Its end, if nobody asked for it, goes to the server once."""

    def __init__(self, server: StunServer, where: tuple[Any, ...]) -> None:
        self._server = server
        self._where = where
        self._at = _address(where)
        self._transport: asyncio.DatagramTransport | None = None
        self._aborted = False
        self._full = False

    def abort(self) -> None:
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    def send(self, data: bytes, to: tuple[Any, ...]) -> bool:
        """Whether it could."""
        if self._transport is None or self._full or self._transport.is_closing():
            return False
        self._transport.sendto(data, to)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class does not derive from the one it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...] | None) -> None:
        if addr:
            self._server.asked(data, addr, self._at)
        else:  # newer Pythons on Windows tell of a "port unreachable" this way
            self._server.counters["socket_errors"] += 1

    def pause_writing(self) -> None:
        self._full = True  # 64 KiB wait for a socket that takes nothing

    def resume_writing(self) -> None:
        self._full = False

    def error_received(self, exc: Exception) -> None:
        self._server.counters["socket_errors"] += 1
        if _READING_ENDS_WITH_AN_ERROR and self._transport is not None:
            self._transport.abort()  # connection_lost follows

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._aborted:
            self._aborted = True
            self._server.broken(self._where)


def _address(where: tuple[Any, ...]) -> Address:
    return address(str(where[0]), int(where[1]))


def _udp_socket(where: tuple[Any, ...]) -> socket.socket:
    """A bound socket for the same family as the TCP one at `where`, and like that one for IPv6 alone."""
    family = socket.AF_INET6 if ":" in str(where[0]) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind(where)
    except OSError:
        sock.close()
        raise
    return sock
