"""A path over a relay: connects by WebSocket, logs in, and carries datagrams to whoever shares the room.

What is said and in which order: tunnel/relay/login.py. A relay is a stranger: it may say anything, late,
twice or never. What it says is checked against the few texts it may say; the key signs nothing but the login.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, Never

from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI
from websockets.frames import CloseCode
from websockets.uri import parse_uri

from tunnel.identity import Identity
from tunnel.links.days import RelayDays
from tunnel.links.intake import Intake
from tunnel.links.link import MAX_DATAGRAM, LinkError
from tunnel.links.sender import Sender
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
from tunnel.relay.login import Challenge, Login, LoginError, Refused, parse_verdict, rooms_to_json
from tunnel.relay.refusal import REFUSALS
from tunnel.relay.stun_told import StunTold, StunToldError
from tunnel.wallclock import WallClock

_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)  # its small talk about every connection is not for people

_LOGIN_S: Final = 5.0  # from nothing to the welcome: a dozen round trips of a bad line
_LOOK_S: Final = 1.0  # how often stalls and midnight are looked for

_STALLED_MS: Final = 10_000.0

_WRITE_BUFFER: Final = 65_536  # half a second of a 1 Mbit/s uplink; the relay's own figure

_EXPECTED: Final = (*EXPECTED, LoginError)


class RelayLink:
    """One relay as a Link (see link.py).

    room_name  the room's 16 bytes, from the relay's name and a day counted since 1970
    tls_ca     the one certificate authority to trust for wss://, PEM; None: those the system trusts
    relay_name what the relay calls itself, once it has said so

    Where it answers STUN, by its own word, over UDP and over TCP. None: it has not spoken of it, as relays of
    before do not. (): it does not answer.
    """

    def __init__(
        self,
        url: str,
        identity: Identity,
        room_name: Callable[[str, int], bytes],
        clock: WallClock,
        tls_ca: Path | None = None,
    ) -> None:
        self.url = url
        self.relay_name: str | None = None
        self.stun_places: tuple[tuple[str, int], ...] | None = None
        self.stun_tcp_places: tuple[tuple[str, int], ...] | None = None
        self.counters: Counter[str] = Counter()
        self._identity = identity
        self._room_name = room_name
        self._clock = clock
        self._tls_ca = tls_ca
        self._sender: Sender | None = None
        self._intake: Intake | None = None
        self._until_closed: asyncio.Timeout | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """See Link.name."""
        return self.relay_name or self.url

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> Never:
        """See Link.run."""
        self._closed = False
        try:
            await self._hold(on_up, on_datagram)
        except LinkError as error:
            error.unheard = 0 if self._intake is None else self._intake.unheard
            raise
        finally:
            self._intake = None

    async def _hold(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> Never:
        connection: StrangerConnection | None = None
        try:
            async with asyncio.timeout(None) as self._until_closed:
                async with asyncio.timeout(_LOGIN_S):
                    connection = await self._open()
                    self._intake = Intake(connection, self.counters, self._clock)
                    days = await self._log_in(connection, self._intake)
                await self._carry(connection, days, self._intake, on_up, on_datagram)
        except _EXPECTED as error:
            raise self._explain(error) from error
        finally:
            self._until_closed = None  # it has passed, and must not be put off to another time
            self._sender = None
            if self._intake is not None:
                self._intake.close()
            if connection is not None:
                self.counters["flooded"] += connection.flooded
                await leave(connection)

    def send(self, datagram: bytes) -> None:
        """See Link.send."""
        if len(datagram) > MAX_DATAGRAM:
            raise ValueError(f"a datagram has at most {MAX_DATAGRAM} bytes, not {len(datagram)}")
        if self._sender is None:
            self.counters["dropped_down"] += 1
        else:
            self._sender.send(datagram)

    def close(self) -> None:
        """See Link.close."""
        if self._until_closed is not None and not self._closed:
            self._closed = True
            self._until_closed.reschedule(asyncio.get_running_loop().time())

    async def _open(self) -> StrangerConnection:
        uri = parse_uri(self.url)
        context = None
        if uri.secure:
            context = ssl.create_default_context(cafile=self._tls_ca)
        connection = await StrangerConnect(
            self.url,
            ssl=context,
            create_connection=StrangerConnection,
            compression=None,  # sealed bytes do not shrink
            proxy=proxy_for(uri.host),
            open_timeout=None,  # ours runs already
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_S,
            max_size=MAX_DATAGRAM,
            write_limit=_WRITE_BUFFER,
            logger=_library_log,
        )
        assert isinstance(connection, StrangerConnection)
        return connection

    async def _log_in(self, connection: StrangerConnection, intake: Intake) -> RelayDays:
        challenge = Challenge.parse(await _text(connection))
        days = RelayDays(self._room_name, challenge.relay, challenge.time_ms, self._clock.now())
        self.relay_name = challenge.relay
        signature = self._identity.sign_text(challenge.signed_text())
        login = Login(self._identity.public.address, signature, days.rooms())
        # Others' datagrams follow the welcome at once, perhaps in the same packet: here they wait for it.
        intake.open()
        await connection.send(login.to_json())
        verdict = parse_verdict(await _text(connection))
        if isinstance(verdict, Refused):
            # The close code that follows says the same in our own words, and whether to come back.
            await connection.wait_closed()
            raise LinkError(f"The relay {self.url} refuses: {verdict.text}", refused=_is_final(connection))
        if verdict.message_bytes < MAX_DATAGRAM:
            raise LinkError(f"The relay {self.url} passes on less than {MAX_DATAGRAM} bytes.", refused=True)
        self._keep_stun(verdict.stun)
        return days

    def _keep_stun(self, told: StunTold | None) -> None:
        """What the last welcome said, or nothing if that is not to be believed."""
        self.stun_places = self.stun_tcp_places = None
        if told is None:
            return
        try:
            host = told.host_for(parse_uri(self.url).host)
        except StunToldError:
            self.counters["stun_elsewhere"] += 1
            return
        self.stun_places = () if told.udp is None else ((host, told.udp),)
        self.stun_tcp_places = () if told.tcp is None else ((host, told.tcp),)

    async def _carry(
        self,
        connection: StrangerConnection,
        days: RelayDays,
        intake: Intake,
        on_up: Callable[[], None],
        on_datagram: Callable[[bytes], None],
    ) -> Never:
        self._sender = Sender(connection, self.counters)
        on_up()
        intake.hand_to(on_datagram)
        looking = asyncio.create_task(self._look(connection, days))
        try:
            while True:
                message = await connection.recv()
                if isinstance(message, str):
                    raise LoginError("it sends text where only datagrams come")
                intake.came(message)  # came in fragments
        finally:
            looking.cancel()

    async def _look(self, connection: StrangerConnection, days: RelayDays) -> None:
        """Moves to the next day's rooms at the relay's midnight; gives up a connection that takes nothing."""
        while True:
            await asyncio.sleep(_LOOK_S)
            now = self._clock.now()
            if days.turned(now):
                broadcast((connection,), rooms_to_json(days.rooms()))
            if connection.stalled(_STALLED_MS, now):
                self.counters["stalled"] += 1
                connection.transport.abort()

    def _explain(self, error: Exception) -> LinkError:
        """One sentence for a person, and whether somebody has to change something."""
        if self._closed:
            return LinkError(f"The link to {self.url} was closed.")
        if isinstance(error, ConnectionClosed):
            return self._explain_close(error)
        if isinstance(error, LoginError):
            return LinkError(f"The relay {self.url} does not speak our language: {error}.")
        if isinstance(error, TimeoutError):
            return LinkError(f"The relay {self.url} did not answer in time.")
        if isinstance(error, ssl.SSLCertVerificationError):
            return LinkError(
                f"The certificate of {self.url} is not trusted: {error.verify_message}.", refused=True
            )
        if isinstance(error, InvalidStatus):
            return LinkError(
                f"{self.url} answers with HTTP {error.response.status_code}; is it a crowdpad relay?"
            )
        if isinstance(error, OSError):
            # asyncio puts its own words, address and all, where the system's would stand
            number = error.errno or 0
            reason = os.strerror(number).lower() if number > 0 else error.strerror or str(error)
            return LinkError(f"Cannot reach the relay {self.url}: {reason}.")
        return LinkError(f"Cannot connect to {self.url}: {error}.", refused=isinstance(error, InvalidURI))

    def _explain_close(self, error: ConnectionClosed) -> LinkError:
        if error.rcvd is not None and error.rcvd.code in REFUSALS:
            refusal = REFUSALS[error.rcvd.code]
            return LinkError(f"{self.url}: {refusal.text}", refused=refusal.final)
        if error.sent is not None and error.sent.code == CloseCode.MESSAGE_TOO_BIG:
            self.counters["oversize"] += 1
            return LinkError(f"The relay {self.url} sent more than a datagram holds.")
        if error.rcvd is not None and error.rcvd.code == CloseCode.GOING_AWAY:
            return LinkError(f"The relay {self.url} is stopping.")
        return LinkError(f"The connection to the relay {self.url} broke.")


async def _text(connection: StrangerConnection) -> str:
    message = await connection.recv()
    if not isinstance(message, str):
        raise LoginError("it sends datagrams before the welcome")
    return message


def _is_final(connection: StrangerConnection) -> bool:
    refusal = REFUSALS.get(connection.close_code or 0)
    return refusal is not None and refusal.final
