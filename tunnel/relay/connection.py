"""One TCP connection to a relay: turned away before anything is read, or heard, wrapped in TLS and served.

NEW --- the first bytes, or no STUN here --> TLS --- its handshake is done --> OPEN: the library's
|--- the same where no TLS is spoken ---------------------------------------> OPEN
'--- the first byte is STUN's ------------> STUN: answered, and closed soon
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any, Final, Protocol

from websockets.asyncio.server import ServerConnection

from tunnel.links.fast import FastConnection
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_caller import StunCaller, begins_stun
from tunnel.relay.tls import ALREADY_READ

# Whoever connects to a relay speaks first. This is enough for the packet to be lost twice.
_FIRST_BYTES_S: Final = 5.0
_TLS_HANDSHAKE_S: Final = 5.0
_TLS_SHUTDOWN_S: Final = 1.0
_STUN_S: Final = 5.0  # for all questions together, since the first byte


class Host(Protocol):
    """What a connection asks of its server."""

    def arrived(self, connection: RelayConnection) -> bool:
        """Whether it may stay."""

    def left(self, connection: RelayConnection) -> None:
        """Called once for each that stayed."""


class _Stage(Enum):
    NEW = auto()
    TLS = auto()
    STUN = auto()
    OPEN = auto()


class RelayConnection(FastConnection, ServerConnection):
    """The library's server connection, with the door in front of it.

    TLS starts here and not in the listening socket, so that the door also stands in front of TLS: a
    connection that never finishes a TLS handshake costs more than any other. It also starts after the first
    bytes, because those who ask where they come from ask plainly whatever else is spoken here.

    tls   None: it speaks plainly
    stun  None: nobody is told where they come from
    """

    def __init__(
        self,
        host: Host,
        tls: ssl.SSLContext | None,
        *args: Any,
        stun: StunAnswerer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.host = host
        self.tls = tls
        self.address = "unknown"  # the IP address, once connected
        self.seated = False  # logged in, for the door
        self._stun = stun
        self._port = 0
        self._stage = _Stage.NEW
        self._let_in = False
        self._held = bytearray()  # came after the TLS handshake, before its task knew
        self._caller: StunCaller | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._tls_task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self.address, self._port = str(peer[0]), int(peer[1])
        self._let_in = self.host.arrived(self)
        if not self._let_in:
            transport.abort()
        elif self._stun is not None:
            self._deadline = self.loop.call_later(_FIRST_BYTES_S, transport.abort)
        else:
            self._enter(b"")

    def data_received(self, data: bytes) -> None:
        if self._stage is _Stage.OPEN:
            super().data_received(data)
        elif self._stage is _Stage.TLS:
            self._held += data
        elif self._stage is _Stage.STUN:
            self._tell(data)
        else:
            self._recognise(data)

    def eof_received(self) -> None:
        if self._stage is _Stage.OPEN:
            super().eof_received()  # otherwise the transport closes itself

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._stage is _Stage.OPEN:
            super().connection_lost(exc)
        self._gone()

    def abort(self) -> None:
        """Ends it now, whatever state it is in, without a word."""
        if self._tls_task is not None:
            self._tls_task.cancel()
        self.transport.abort()

    def _recognise(self, data: bytes) -> None:
        self._stop_waiting()
        if self._stun is None or not begins_stun(data):
            self._enter(data)
            return
        self._stage = _Stage.STUN
        self._caller = StunCaller(self._stun, self.address, self._port)
        self._deadline = self.loop.call_later(_STUN_S, self._hang_up)
        self._tell(data)

    def _tell(self, data: bytes) -> None:
        caller = self._caller
        if caller is None or caller.over:
            return  # what comes after the last question
        # At most eight short answers, so nothing piles up here even if they are not read.
        self.transport.write(caller.receive(data, self.loop.time() * 1000))
        if caller.over:
            self.transport.close()

    def _hang_up(self) -> None:
        if self._stun is not None:
            self._stun.counters["too_slow"] += 1
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _enter(self, data: bytes) -> None:
        """Goes on to HTTP or to TLS, which has sent `data` so far."""
        if self.tls is None:
            self._begin(self.transport, data)
            return
        self._stage = _Stage.TLS
        self.transport.pause_reading()  # what comes now is for TLS, not for us
        self._tls_task = self.loop.create_task(self._start_tls(self.transport, self.tls, data))

    async def _start_tls(self, transport: asyncio.Transport, context: ssl.SSLContext, data: bytes) -> None:
        ALREADY_READ.set(bytearray(data))
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
        self._begin(wrapped, bytes(self._held))
        self._held.clear()

    def _begin(self, transport: asyncio.Transport, data: bytes) -> None:
        self._stage = _Stage.OPEN
        super().connection_made(transport)
        if data:
            super().data_received(data)

    def _gone(self) -> None:
        if self._let_in:
            self._let_in = False
            self.host.left(self)


def connection_factory(
    host: Host, tls: ssl.SSLContext | None, stun: StunAnswerer | None = None
) -> Callable[..., RelayConnection]:
    """What the library calls for each connection it accepts."""
    return partial(RelayConnection, host, tls, stun=stun)
