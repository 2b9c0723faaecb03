"""The relay's sockets: where it listens, how it starts and stops. What happens inside is in host.py.

TCP: accepted -> door -> first byte -> TLS -> HTTP: a page, or WebSocket -> login (gate.py) -> rooms
                                    -> STUN: where it came from (stun_caller.py)
UDP, the same port: STUN (stun_server.py)
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tunnel.relay import descriptors, pages, tls
from tunnel.relay.connection import RelayConnection, connection_factory
from tunnel.relay.host import RelayHost
from tunnel.relay.metrics import Snapshot
from tunnel.relay.settings import MESSAGE_BYTES, RelaySettings
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_server import StunServer
from tunnel.relay.stun_told import StunTold
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)
# The library tells of every connection that opens or closes. Its complaints are ours, its small talk is not.
_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

_HTTP_HANDSHAKE_S: Final = 5.0
# A home router forgets an idle TCP connection after some minutes; twice a minute keeps it, and is still only
# a hundred pings a second with thousands of members.
_PING_INTERVAL_S: Final = 30.0
_PING_TIMEOUT_S: Final = 20.0
_CLOSE_S: Final = 1.0  # for the other side to answer a close
_STOP_S: Final = 0.5  # the same when the whole relay stops: Ctrl-C ends any command within a second
_SWEEP_S: Final = 1.0


class RelayError(Exception):
    """The relay cannot start. One sentence for a person."""


class RelayServer:
    """One relay. `start`, then `stop`, once each; or `serve_forever`, which does both."""

    def __init__(self, settings: RelaySettings, clock: WallClock) -> None:
        most = descriptors.most_connections(settings.limits.connections)
        if most < settings.limits.connections:
            _log.warning("This system lets the relay have %d connections, not the %d it may take.",
                         most, settings.limits.connections)  # fmt: skip
        self._settings = dataclasses.replace(
            settings, limits=dataclasses.replace(settings.limits, connections=most)
        )
        self._host = RelayHost(self._settings, clock)
        self._servers: list[Server] = []
        self._stun = StunServer(clock)
        self._stun_tcp = StunAnswerer()
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens, also if the system chose."""
        return int(self._servers[0].sockets[0].getsockname()[1])

    @property
    def metrics_port(self) -> int:
        """Where /metrics is; the same port if nothing else is set."""
        return int(self._servers[-1].sockets[0].getsockname()[1])

    def snapshot(self) -> Snapshot:
        """The counters behind /metrics."""
        snapshot = dict(self._host.snapshot())
        if self._settings.stun:
            snapshot["stun"] = dict(self._stun.counters)
            snapshot["stun_tcp"] = dict(self._stun_tcp.counters)
        return snapshot

    async def start(self) -> None:
        """Listens from now on. Raises RelayError."""
        settings = self._settings
        context = None
        if settings.tls is not None:
            try:
                context = tls.server_context(settings.tls)
            except tls.TlsError as error:
                raise RelayError(str(error)) from error
            tls.shrink_read_buffers()
        here = None if settings.metrics else self.snapshot
        speaking = connection_factory(self._host, context, self._stun_tcp if settings.stun else None)
        try:
            await self._listen(settings.host, settings.port, speaking, _pages(here, websocket=True))
            if settings.metrics is not None:
                plain = connection_factory(self._host, None)
                await self._listen(*settings.metrics, plain, _pages(self.snapshot, websocket=False))
        except RelayError:
            await self.stop()
            raise
        if settings.stun:
            places = [sock.getsockname() for sock in self._servers[0].sockets]
            await self._stun.open(places, settings.stun_alternate)
        self._host.stun = self._stun_told()
        self._sweeper = asyncio.create_task(self._sweep())
        _log.debug("The relay %s listens on %s, port %d.", settings.name, settings.host, self.port)

    async def stop(self) -> None:
        """Says goodbye to everybody, for half a second at most, and frees the port. Harmless to repeat."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._stun.close()
        for server in self._servers:
            server.close()
        closed = [asyncio.create_task(server.wait_closed()) for server in self._servers]
        if closed:
            await asyncio.wait(closed, timeout=_STOP_S)
            self._host.abort()
            await asyncio.wait(closed)

    async def serve_forever(self) -> None:
        """Runs until cancelled. Raises RelayError if it cannot start."""
        await self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.stop()

    def _stun_told(self) -> StunTold:
        """Where members may ask. A port that was mapped to ours on the way is not ours to know."""
        if not self._settings.stun:
            return StunTold()
        host, port = self._settings.stun_at or (None, self.port)
        return StunTold(udp=port if self._stun.listens else None, tcp=port, host=host)

    async def _listen(
        self, host: str, port: int, make: Callable[..., RelayConnection], process_request: _ProcessRequest
    ) -> None:
        try:
            server = await serve(
                self._host.attend,
                host,
                port,
                create_connection=make,  # type: ignore[arg-type]  # any callable
                compression=None,  # what passes here is sealed, and looks random
                process_request=process_request,
                server_header=None,
                open_timeout=_HTTP_HANDSHAKE_S,
                ping_interval=_PING_INTERVAL_S,
                ping_timeout=_PING_TIMEOUT_S,
                close_timeout=_CLOSE_S,
                max_size=MESSAGE_BYTES,
                write_limit=self._settings.limits.write_buffer_bytes,
                logger=_library_log,
            )
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
            raise RelayError(f"cannot listen on {host}, port {port}: {reason}") from error
        self._servers.append(server)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._host.sweep()


_ProcessRequest = Callable[[ServerConnection, Request], Awaitable[Response | None] | Response | None]


def _pages(snapshot: Callable[[], Snapshot] | None, *, websocket: bool) -> _ProcessRequest:
    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        upgrades = " ".join(request.headers.get_all("Upgrade")).lower()
        if websocket and "websocket" in upgrades:
            return None
        page = pages.page(request.path, snapshot)
        response = connection.respond(page.status, page.body)
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = page.content_type
        return response

    return process_request
