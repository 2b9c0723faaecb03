"""The gateway's sockets: where it listens, how it starts and stops. What happens inside is in host.py.

It is part of the receiver and not a program of its own, because pads have one owner: what the bot plays and
what these programs play goes through one guard and one timeline, and comes to rest for the same reasons.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from functools import partial
from typing import Final

from websockets.asyncio.server import Server, serve

from config.addresses import split_host_port
from config.model import ReceiverConfig
from injector.gateway.connection import GatewayConnection
from injector.gateway.host import GatewayHost, Play
from injector.iid.handshake import Dialect
from injector.observer import Observer
from injector.report import Report
from tunnel.relay.settings import TlsFiles
from tunnel.relay.tls import TlsError, server_context
from tunnel.wallclock import WallClock

_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

_HTTP_HANDSHAKE_S: Final = 5.0
# A program that hangs holds what it pressed until a ping of ours goes unanswered: five seconds at most. Less
# would cut off scripts that compute for a moment.
PING_INTERVAL_S: Final = 2.0
PING_TIMEOUT_S: Final = 3.0
CLOSE_S: Final = 0.5
_STOP_S: Final = 0.3  # Ctrl-C ends any command within a second
_SWEEP_S: Final = 1.0
_MESSAGE_BYTES: Final = 1_024  # 64 records, or any text of the handshakes
_WRITE_BUFFER: Final = 16_384  # nine hundred records; past that only the latest state counts


class GatewayError(Exception):
    """The gateway cannot start. One sentence for a person."""


class Gateway(Observer):
    """`start`, then `stop`, once each. As an observer of the receiver it hears what is played."""

    def __init__(self, config: ReceiverConfig, clock: WallClock) -> None:
        self.host = GatewayHost(config, clock)
        self._gateway = config.gateway
        self._servers: dict[Dialect, Server] = {}
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def ports(self) -> dict[Dialect, int]:
        """Where it listens, also if the system chose."""
        return {dialect: int(server.sockets[0].getsockname()[1]) for dialect, server in self._servers.items()}

    async def start(self, play: Play) -> None:
        """Listens from now on; `play` takes what clients ask for. Raises GatewayError."""
        self.host.play = play
        context = None
        if self._gateway.tls is not None:
            try:
                context = server_context(TlsFiles(self._gateway.tls.cert, self._gateway.tls.key))
            except TlsError as error:
                raise GatewayError(str(error)) from error
        doors = ((Dialect.APINT, self._gateway.apint), (Dialect.SINGLETUNNEL, self._gateway.singletunnel))
        try:
            for dialect, listen in doors:
                if listen is not None:
                    self._servers[dialect] = await self._listen(dialect, listen, context)
        except GatewayError:
            await self.stop()
            raise
        self._sweeper = asyncio.create_task(self._sweep(), name="gateway")

    async def stop(self) -> None:
        """Says goodbye to everybody, briefly, and frees the ports. Harmless to repeat."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self._servers.values():
            server.close()
        closed = [asyncio.create_task(server.wait_closed()) for server in self._servers.values()]
        if closed:
            await asyncio.wait(closed, timeout=_STOP_S)
            self.host.abort()
            await asyncio.wait(closed)

    def report(self, pad: int, report: Report) -> None:
        self.host.show(pad, report)

    def neutral(self, reason: str) -> None:
        self.host.rest()

    async def _listen(self, dialect: Dialect, listen: str, context: ssl.SSLContext | None) -> Server:
        host, port = split_host_port(listen)
        connection = partial(GatewayConnection, self.host, context)
        try:
            return await serve(
                partial(self.host.attend, dialect),
                host,
                port,
                create_connection=connection,  # type: ignore[arg-type]  # any callable
                compression=None,
                server_header=None,
                open_timeout=_HTTP_HANDSHAKE_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_TIMEOUT_S,
                close_timeout=CLOSE_S,
                max_size=_MESSAGE_BYTES,
                write_limit=_WRITE_BUFFER,
                logger=_library_log,
            )
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
            raise GatewayError(f"the gateway cannot listen on {listen}: {reason}") from error

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.host.sweep()
