"""One IID server that we log in to as its client and tell what the pads do.

The server may say anything, late, twice or never: what it says is bounded here and checked in `iid.login`.
Whatever becomes of it, the device goes on: a server that leaves is tried again for ever, and the first thing
it hears then is every pad at rest, and after that what is held. On this machine it is ws://; to any other
machine it can only be wss://, with a certificate that holds, since the format protects nothing itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Never

from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed

from config.addresses import is_loopback
from config.codes import Control
from injector.iid.handshake import Dialect, HandshakeError
from injector.iid.login import PING, Login
from injector.iid.speech import Speech
from injector.iid.teller import Teller
from injector.report import Report
from tunnel.backoff import next_wait_ms
from tunnel.bucket import TokenBucket
from tunnel.identity import Identity
from tunnel.links.strangers import (
    CLOSE_S,
    EXPECTED,
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    StrangerConnect,
    StrangerConnection,
    leave,
    proxy_for,
)

log = logging.getLogger(__name__)
_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)  # its small talk about every connection is not for people

LOGIN_S: Final = 8.0  # from nothing to HELLO: some of these servers think about a signature for seconds
_LOOK_S: Final = 1.0
_STALLED_MS: Final = 10_000.0
# The servers' own keep-alive, as text. Half of the minute after which home routers forget a connection.
_TEXT_PING_S: Final = 30.0
_MESSAGE_BYTES: Final = 1_024
_WRITE_BUFFER: Final = 16_384  # nine hundred records; past that only the latest state counts
# Servers pass on what others send, to everybody and unasked. More than this is no game any more.
UNASKED_PER_SECOND: Final = 5_000
_STAYED_S: Final = 10.0  # who was connected for this long is tried again at once

_EXPECTED: Final = (*EXPECTED, HandshakeError)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is and what it speaks. `secure` cannot be false for another machine (ValueError)."""

    dialect: Dialect
    host: str
    port: int
    secure: bool

    def __post_init__(self) -> None:
        if not (self.secure or is_loopback(self.host)):
            raise ValueError(f"{self.host} is another machine: nothing goes there without TLS")

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.secure else 'ws'}://{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.dialect.value} server {self.url}"


class IidServer:
    """Connects when first called, on the loop that is running then. `tls_ca` as for a relay: for tests."""

    def __init__(
        self,
        place: Place,
        identity: Identity,
        pads: int,
        deny: Collection[Control] = (),
        tls_ca: Path | None = None,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._place = place
        self._identity = identity
        self._pads = pads
        self._deny = frozenset(deny)
        self._tls_ca = tls_ca
        self._reports: dict[int, Report] = {}  # what is true now, of each pad that moved since it was at rest
        self._teller: Teller | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def show(self, pad: int, report: Report) -> None:
        """This pad looks like this now."""
        self._reports[pad] = report
        self._start()
        if self._teller is not None:
            self._teller.show(pad, report)

    def rest(self) -> None:
        """Every pad is at rest now."""
        self._reports.clear()
        self._start()
        if self._teller is not None:
            self._teller.rest()

    def close(self) -> None:
        """Rest, as far as it can still be said, and goodbye. Harmless to repeat."""
        self._closed = True
        if self._teller is not None:
            self._teller.rest()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        if self._task is None and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._stay(), name=str(self._place))

    async def _stay(self) -> Never:
        loop = asyncio.get_running_loop()
        failures, said = 0, ""
        while True:
            began = loop.time()
            try:
                await self._visit()
            except _EXPECTED as error:
                trouble = _sentence(error, self._place)
            self.counters["visits_ended"] += 1
            if trouble != said:  # a server that stays away fails again and again in the same words
                log.warning("%s It is tried again until it works.", trouble)
                said = trouble
            failures = 1 if loop.time() - began >= _STAYED_S else failures + 1
            await asyncio.sleep(next_wait_ms(failures, others_up=True, draw=random.random()) / 1000)

    async def _visit(self) -> Never:
        """One connection, from nothing to its end."""
        connection: StrangerConnection | None = None
        try:
            async with asyncio.timeout(LOGIN_S):
                connection = await self._open()
                login = await self._log_in(connection)
            log.info("Logged in to the %s as %s.", self._place, self._identity.public.address)
            self.counters["logins"] += 1
            self._teller = Teller(connection, Speech(self._pads, self._deny), self.counters)
            self._teller.rest()
            for pad, report in self._reports.items():
                self._teller.show(pad, report)
            await self._listen(connection, login)
        finally:
            self._teller = None
            if connection is not None:
                self.counters["flooded"] += connection.flooded
                await leave(connection)

    async def _open(self) -> StrangerConnection:
        place = self._place
        connection = await StrangerConnect(
            place.url,
            ssl=ssl.create_default_context(cafile=self._tls_ca) if place.secure else None,
            create_connection=StrangerConnection,
            compression=None,  # sixteen bytes do not shrink
            proxy=proxy_for(place.host),
            open_timeout=None,  # ours runs already
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_S,
            max_size=_MESSAGE_BYTES,
            write_limit=_WRITE_BUFFER,
            logger=_library_log,
        )
        assert isinstance(connection, StrangerConnection)
        return connection

    async def _log_in(self, connection: StrangerConnection) -> Login:
        flood = TokenBucket(UNASKED_PER_SECOND, UNASKED_PER_SECOND)

        def unasked(data: bytes) -> None:
            """Others' inputs, which these servers pass on to everybody, even before the login."""
            self.counters["records_unasked"] += 1
            if not flood.take(connection.loop.time() * 1000):
                self.counters["flooded"] += 1
                connection.transport.abort()

        connection.on_datagram = unasked
        login = Login(self._place.dialect, self._identity, self.counters)
        while not login.done:
            await self._hear(connection, login)
        return login

    async def _listen(self, connection: StrangerConnection, login: Login) -> Never:
        looking = asyncio.create_task(self._look(connection))
        try:
            while True:
                await self._hear(connection, login)
        finally:
            looking.cancel()

    async def _hear(self, connection: StrangerConnection, login: Login) -> None:
        message = await connection.recv()
        if not isinstance(message, str):
            self.counters["records_unasked"] += 1  # came in fragments
            return
        reply = login.heard(message)
        if reply is not None:
            await connection.send(reply)

    async def _look(self, connection: StrangerConnection) -> None:
        """Keeps the connection known to routers on the way; gives up one that takes nothing."""
        loop = asyncio.get_running_loop()
        pinged = loop.time()
        while True:
            await asyncio.sleep(_LOOK_S)
            if connection.stalled(_STALLED_MS, loop.time() * 1000):
                self.counters["stalled"] += 1
                connection.transport.abort()
            if self._place.dialect is Dialect.SINGLETUNNEL and loop.time() - pinged >= _TEXT_PING_S:
                pinged = loop.time()
                broadcast((connection,), PING)


def _sentence(error: Exception, place: Place) -> str:
    """What went wrong, for a person."""
    name = f"The {place}"
    if isinstance(error, HandshakeError):
        return f"{name} {error}."
    if isinstance(error, TimeoutError):
        return f"{name} did not let us in in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {place.url} is not trusted: {error.verify_message}."
    if isinstance(error, ConnectionClosed):
        return f"{name} closed the connection."
    if isinstance(error, OSError):
        return f"Cannot reach the {place}: {error.strerror or error}."
    return f"Cannot connect to the {place}: {error}."
