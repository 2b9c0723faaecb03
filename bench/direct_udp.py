"""What the direct path adds to UDP: a datagram there and back, beside the same bytes on two bare sockets.

Each side is a process of its own, on this machine's loopback. Both are measured in turns within one run, so
that a machine that slows down slows both. The link is measured as the session uses it: found, checked and
consented to by the real agent, `send` at one end and `on_datagram` at the other. What the session puts into
a datagram (seal, signature) costs the same on every path and is part of the latency chapter.
"""

from __future__ import annotations

import asyncio
import socket
import time
from multiprocessing.connection import Connection
from typing import Any, Final, cast

from bench.actor import START_S, Actor, answer
from bench.figures import Figure, percentile
from tunnel.links.direct import DirectOptions
from tunnel.links.stun_servers import StunServers
from tunnel.links.udp import DirectUdpLink
from tunnel.wallclock import WallClock

ROUNDS: Final = 10
_HOST: Final = "127.0.0.1"
_BYTES: Final = bytes([0x13]) + bytes(133)  # as long as a tapped button, and like it no STUN
_PATIENCE_S: Final = 5.0  # for one echo; loopback loses nothing


def bare_echo(pipe: Connection) -> None:
    """The baseline's far end: blocks, and sends back what it gets."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((_HOST, 0))
    pipe.send(sock.getsockname()[1])
    while True:
        data, source = sock.recvfrom(2_048)
        sock.sendto(data, source)


def link_echo(pipe: Connection, near_notes: int) -> None:
    """The link's far end; `near_notes` is the port where the near end's notes come."""

    async def main() -> None:
        notes = await _notes()
        notes.peer = near_notes
        link = notes.link(controlling=False)
        pipe.send(notes.port)
        work = asyncio.create_task(link.run(lambda: None, link.send))
        link.peer_came(fresh=True)
        await answer(pipe, work, {"ask": lambda: None})

    asyncio.run(main())


async def measure(echoes: int) -> list[Figure]:
    """`echoes` of each kind in all, over ten rounds of either in turn."""
    notes = await _notes()
    bare, far = Actor(bare_echo), Actor(link_echo, notes.port)
    near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    near.settimeout(_PATIENCE_S)
    try:
        near.connect((_HOST, await asyncio.to_thread(bare.ready)))
        notes.peer = await asyncio.to_thread(far.ready)
        plain: list[float] = []
        direct: list[float] = []
        async with _Echo(notes.link(controlling=True)) as echo:
            for _ in range(ROUNDS):
                plain += await asyncio.to_thread(_ask_bare, near, echoes // ROUNDS)
                direct += [await echo.ask() for _ in range(echoes // ROUNDS)]
        return _figures(plain, direct)
    finally:
        near.close()
        notes.close()
        far.kill()
        bare.kill()


class _Echo:
    """The near end, while `async with` lasts: found and up."""

    def __init__(self, link: DirectUdpLink) -> None:
        self._link = link
        self._up = asyncio.Event()
        self._back: asyncio.Future[float] | None = None
        self._running: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> _Echo:
        self._running = asyncio.create_task(self._link.run(self._up.set, self._came))
        self._link.peer_came(fresh=True)
        async with asyncio.timeout(START_S):
            await self._up.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._running is not None, "it was entered"
        self._running.cancel()
        await asyncio.wait([self._running])

    async def ask(self) -> float:
        """One echo, in microseconds."""
        self._back = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        self._link.send(_BYTES)
        async with asyncio.timeout(_PATIENCE_S):
            return (await self._back - start) * 1e6

    def _came(self, datagram: bytes) -> None:
        moment = time.perf_counter()
        if self._back is not None and not self._back.done():
            self._back.set_result(moment)


class _Notes(asyncio.DatagramProtocol):
    """Carries the two links' notes, in the place of a session over relays. `peer` is the other one's port."""

    def __init__(self) -> None:
        self.peer = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._link: DirectUdpLink | None = None

    @property
    def port(self) -> int:
        assert self._transport is not None, "it is connected when it is made"
        return int(self._transport.get_extra_info("sockname")[1])

    def link(self, *, controlling: bool) -> DirectUdpLink:
        """The link that speaks through it."""
        self._link = DirectUdpLink(
            DirectOptions(hosts=(_HOST,)),
            controlling=controlling,
            servers=StunServers(),
            send_signal=self._send,
            clock=WallClock(),
        )
        return self._link

    def close(self) -> None:
        """Lets go of its socket."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class does not derive from the one it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if self._link is not None:
            self._link.signal_came(data)

    def _send(self, body: bytes) -> None:
        assert self._transport is not None, "it is connected when it is made"
        self._transport.sendto(body, (_HOST, self.peer))


async def _notes() -> _Notes:
    _, notes = await asyncio.get_running_loop().create_datagram_endpoint(_Notes, local_addr=(_HOST, 0))
    return notes


def _ask_bare(sock: socket.socket, echoes: int) -> list[float]:
    """So many echoes one after another, in microseconds each."""
    times = []
    for _ in range(echoes):
        start = time.perf_counter()
        sock.send(_BYTES)
        sock.recv(2_048)
        times.append((time.perf_counter() - start) * 1e6)
    return times


def _figures(plain: list[float], direct: list[float]) -> list[Figure]:
    bare, link = percentile(plain, 0.5), percentile(direct, 0.5)
    return [
        Figure("a datagram there and back on the direct path, median", link, "µs", bare, "bare UDP echo"),
        Figure("  what the path adds to bare UDP, median", link - bare, "µs", limit=150),
        Figure("  99th percentile", percentile(direct, 0.99), "µs", percentile(plain, 0.99), "bare UDP echo"),
    ]
