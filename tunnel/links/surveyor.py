"""Asks STUN servers what the NAT before us does: two sockets around a `Survey`, for one version of IP."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable
from typing import Any, Final, cast

from tunnel.nat.behaviour import Behaviour
from tunnel.nat.stun import Address, address
from tunnel.nat.survey import Survey
from tunnel.wallclock import WallClock

_ANY: Final = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


async def survey(servers: Iterable[Address], clock: WallClock) -> Behaviour:
    """What those servers show, within eleven seconds. They are all IPv4 or all IPv6; others are left out.

    Raises OSError if this machine has no sockets for that version of IP.
    """
    wanted = list(servers)
    family = socket.AF_INET6 if wanted and ":" in wanted[0][0] else socket.AF_INET
    alike = [server for server in wanted if (":" in server[0]) == (family == socket.AF_INET6)]
    sockets: list[_Socket] = []
    changed = asyncio.Event()
    try:
        for _ in range(2):
            sockets.append(await _open(family, changed, clock))
        own = [(host, sockets[0].port) for host in _own_hosts(family, alike)]
        one = Survey(alike, own, os.urandom)
        for sock in sockets:
            sock.survey = one
        one.start(clock.now())
        while (deadline := one.next_timeout()) is not None:
            for probe in one.take_due(clock.now()):
                sockets[1 if probe.second else 0].send(probe.data, probe.destination)
            await _wait(changed, ((one.next_timeout() or deadline) - clock.now()) / 1000)
            one.handle_timeout(clock.now())
        return one.behaviour
    finally:
        for sock in sockets:
            sock.close()


class _Socket(asyncio.DatagramProtocol):
    """One of the two."""

    def __init__(self, changed: asyncio.Event, clock: WallClock) -> None:
        self.survey: Survey | None = None
        self._changed = changed
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def send(self, data: bytes, to: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, to)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class does not derive from the one it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...] | None) -> None:
        if self.survey is not None and addr:
            self.survey.receive(data, address(str(addr[0]), int(addr[1])), self._clock.now())
            self._changed.set()

    def error_received(self, exc: Exception) -> None:
        """A server's port is closed: as good as silence. On Windows reading may end; then all is silence."""
        if self.survey is not None:
            self.survey.counters["socket_errors"] += 1


async def _open(family: socket.AddressFamily, changed: asyncio.Event, clock: WallClock) -> _Socket:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Socket(changed, clock), local_addr=(_ANY[family], 0), family=family
    )
    return protocol


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(changed.wait(), max(0.0, seconds))
    except TimeoutError:
        pass
    changed.clear()


def _own_hosts(family: socket.AddressFamily, servers: Iterable[Address]) -> set[str]:
    """Our addresses towards these servers, as the system's routes choose them; nothing is sent."""
    found = set()
    for server in servers:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(server)
                found.add(address(str(probe.getsockname()[0]), 0)[0])
        except OSError:
            continue  # no way there: asking it will be silence
    return found
