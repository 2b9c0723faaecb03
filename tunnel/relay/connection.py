"""One TCP connection to a relay: turned away before anything is read, or wrapped in TLS and served."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol

from websockets.asyncio.server import ServerConnection

from tunnel.links.fast import FastConnection

_TLS_HANDSHAKE_S: Final = 5.0
_TLS_SHUTDOWN_S: Final = 1.0


class Host(Protocol):
    """What a connection asks of its server."""

    def arrived(self, connection: RelayConnection) -> bool:
        """Whether it may stay."""

    def left(self, connection: RelayConnection) -> None:
        """Called once for each that stayed."""


class RelayConnection(FastConnection, ServerConnection):
    """The library's server connection, with the door in front of it.

    TLS starts here and not in the listening socket, so that the door also stands in front of TLS: a
    connection that never finishes a TLS handshake costs more than any other.
    """

    def __init__(self, host: Host, tls: ssl.SSLContext | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host = host
        self.tls = tls
        self.address = "unknown"  # the IP address, once connected
        self.seated = False  # logged in, for the door
        self._let_in = False
        self._made = False
        self._tls_task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self.address = str(peer[0])
        self._let_in = self.host.arrived(self)
        if not self._let_in:
            transport.abort()
        elif self.tls is None:
            self._begin(transport)
        else:
            transport.pause_reading()  # the first bytes are for TLS, not for us
            self._tls_task = self.loop.create_task(self._start_tls(transport, self.tls))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._made:
            super().connection_lost(exc)
        self._gone()

    def abort(self) -> None:
        """Ends it now, whatever state it is in, without a word."""
        if self._tls_task is not None:
            self._tls_task.cancel()
        self.transport.abort()

    async def _start_tls(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        try:
            wrapped = await self.loop.start_tls(
                transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=_TLS_HANDSHAKE_S,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_S,
            )
        except (OSError, asyncio.CancelledError):  # a failed, late or interrupted handshake
            transport.abort()
            self._gone()
            return
        finally:
            self._tls_task = None
        if wrapped is None:  # it went away in the last step
            self._gone()
            return
        self._begin(wrapped)

    def _begin(self, transport: asyncio.Transport) -> None:
        self._made = True
        super().connection_made(transport)

    def _gone(self) -> None:
        if self._let_in:
            self._let_in = False
            self.host.left(self)


def connection_factory(host: Host, tls: ssl.SSLContext | None) -> Callable[..., RelayConnection]:
    """What the library calls for each connection it accepts."""

    def make(*args: Any, **kwargs: Any) -> RelayConnection:
        return RelayConnection(host, tls, *args, **kwargs)

    return make
