"""What the gateway does with a connection: challenges it, lets it in, plays for it, tells it, sees it off.

Before a connection has signed the very GUID it was given, nothing it sends is played and it is told nothing
but that GUID. It has one try. What it holds is let go in the moment it is gone: it left, it was replaced by a
later login of the same address, it answered no ping, it read nothing, it sent too much.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from config.codes import Control
from config.gateway import GatewayClient
from config.model import ReceiverConfig
from injector.gateway.connection import GatewayConnection
from injector.gateway.guest import Guest, GuestRules, TooMuchError
from injector.iid.handshake import Dialect, HandshakeError, admit, challenge, greeting
from injector.iid.login import PING, PONG
from injector.iid.speech import Speech
from injector.iid.teller import Teller
from injector.player import Move
from injector.report import Report
from tunnel.bucket import TokenBucket
from tunnel.frame import SequenceId
from tunnel.relay.connection import RelayConnection
from tunnel.relay.door import Door
from tunnel.relay.settings import RelayLimits
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

LOGIN_MS: Final = 20_000.0  # a person may have to press a button in a wallet
_STALLED_MS: Final = 10_000.0
# At most 16 are let in, one for each address on the list; the rest is room for those who come back before the
# old connection is known to be gone. From one address, because on this machine all come from the same.
LIMITS: Final = RelayLimits(connections=96, waiting=64, waiting_per_address=48)
# Strangers can knock as often as they like, and the log must stay readable.
_REFUSALS_SAID_PER_SECOND: Final = 0.1
_REFUSALS_SAID_BURST: Final = 5

Play = Callable[[Sequence[Move]], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Visit:
    """One client that has been let in. `teller` if it may listen."""

    connection: GatewayConnection
    guest: Guest
    teller: Teller | None


class GatewayHost:
    """All connections of a gateway. `attend` is the servers' handler; call `sweep` every second."""

    def __init__(self, config: ReceiverConfig, clock: WallClock) -> None:
        self.counters: Counter[str] = Counter()
        self.play: Play = _nobody_plays
        self._config = config
        self._clock = clock
        self._clients: Mapping[str, GatewayClient] = {each.address: each for each in config.gateway.clients}
        self._door = Door(LIMITS)
        self._connections: set[RelayConnection] = set()
        self._visits: dict[str, _Visit] = {}
        self._reports: dict[int, Report] = {}  # of each pad that moved since all were at rest
        self._ids = itertools.count(-1, -1)
        self._said = TokenBucket(_REFUSALS_SAID_PER_SECOND, _REFUSALS_SAID_BURST)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def connections(self) -> int:
        """How many there are, let in or not."""
        return self._door.connections

    # -- who comes and goes --------------------------------------------------------------------------------

    def arrived(self, connection: RelayConnection) -> bool:
        """Whether a new connection may stay; if so, `left` follows."""
        if not self._door.knock(connection.address):
            self.counters["turned_away"] += 1
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: RelayConnection) -> None:
        self._connections.discard(connection)
        self._door.leave(connection.address, seated=connection.seated)
        self.counters["flooded"] += connection.flooded

    async def attend(self, dialect: Dialect, connection: ServerConnection) -> None:
        """From the WebSocket handshake to the end. Whatever the other side does, it raises nothing."""
        assert isinstance(connection, GatewayConnection)
        try:
            client = await self._log_in(dialect, connection)
            if client is not None:
                await self._serve(dialect, connection, client)
        except ConnectionClosed:
            self.counters["gone"] += 1

    def sweep(self) -> None:
        """Closes those who read nothing."""
        now = self._clock.now()
        for connection in list(self._connections):
            if connection.stalled(_STALLED_MS, now):
                self.counters["stalled"] += 1
                connection.abort()

    def abort(self) -> None:
        """Ends every connection now."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in list(self._connections):
            connection.abort()

    # -- what is played ------------------------------------------------------------------------------------

    def show(self, pad: int, report: Report) -> None:
        """The device has taken this report: whoever may listen is told."""
        self._reports[pad] = report
        for visit in self._visits.values():
            if visit.teller is not None:
                visit.teller.show(pad, report)

    def rest(self) -> None:
        """Every pad went to rest."""
        self._reports.clear()
        for visit in self._visits.values():
            if visit.teller is not None:
                visit.teller.rest()

    # -- one connection ------------------------------------------------------------------------------------

    async def _log_in(self, dialect: Dialect, connection: GatewayConnection) -> GatewayClient | None:
        issued = str(uuid.uuid4())  # for this connection alone, and never used again
        try:
            async with asyncio.timeout(LOGIN_MS / 1000):
                await connection.send(challenge(dialect, issued))
                text = await connection.recv()
            if not isinstance(text, str):
                raise HandshakeError("sends records before it is let in")
            return self._clients[admit(dialect, text, issued, self._clients)]
        except TimeoutError:
            self.counters["too_slow"] += 1
        except HandshakeError as error:
            self.counters["refused"] += 1
            if self._said.take(self._clock.now()):
                log.warning("A program at the gateway was refused: it %s.", error)
        await connection.close(CloseCode.POLICY_VIOLATION)
        return None

    async def _serve(self, dialect: Dialect, connection: GatewayConnection, client: GatewayClient) -> None:
        self._door.seat(connection.address)
        connection.seated = True
        broadcast((connection,), greeting(dialect, client.index, client.address))  # before any record
        visit = self._enter(connection, client)
        try:
            self._tell_all(visit)
            while True:
                message = await connection.recv()
                if not isinstance(message, str):
                    self._received(visit, message)  # came in fragments
                elif dialect is Dialect.APINT:
                    self.counters["texts_unknown"] += 1
                    self._send_away(visit)
                    await connection.send("ONLY BYTE SERVER AND MAX:16")  # as theirs says it, and closes
                    await connection.close(CloseCode.UNSUPPORTED_DATA)
                elif message == PING:
                    broadcast((connection,), PONG)
                elif message != PONG:
                    self.counters["texts_unknown"] += 1
        finally:
            self._send_away(visit)
            if self._visits.get(client.address) is visit:
                del self._visits[client.address]

    def _enter(self, connection: GatewayConnection, client: GatewayClient) -> _Visit:
        """From now on it plays. A later login takes the place of an earlier one, whose line may be dead."""
        before = self._visits.pop(client.address, None)
        if before is not None:
            self.counters["replaced"] += 1
            self._send_away(before)
            before.connection.abort()
        guest = Guest(_rules(self._config, client), lambda: SequenceId(next(self._ids)), self.counters)
        teller = None
        if client.hears:
            teller = Teller(connection, Speech(self._config.pads), self.counters)
        visit = self._visits[client.address] = _Visit(connection, guest, teller)
        connection.on_datagram = lambda data: self._received(visit, data)
        connection.on_goodbye = lambda: self._send_away(visit)
        self.counters["admitted"] += 1
        log.info("The program %s has come in by the gateway.", client.address)
        return visit

    def _tell_all(self, visit: _Visit) -> None:
        if visit.teller is not None:
            visit.teller.rest()
            for pad, report in self._reports.items():
                visit.teller.show(pad, report)

    def _received(self, visit: _Visit, data: bytes) -> None:
        try:
            moves = visit.guest.received(data, self._clock.now())
        except TooMuchError:
            self.counters["too_much"] += 1
            self._send_away(visit)
            visit.connection.abort()
            return
        self._play(moves)
        self._schedule()

    def _send_away(self, visit: _Visit) -> None:
        """Whatever it holds is let go, and nothing more of it is played."""
        visit.connection.on_datagram = _ignore
        self._play(visit.guest.leave())

    def _play(self, moves: Sequence[Move]) -> None:
        if moves:
            self.play(moves)

    # -- what is delayed -----------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """One timer for the next delayed record of anybody."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        times = [at for visit in self._visits.values() if (at := visit.guest.next_timeout()) is not None]
        if times:
            wait_ms = max(0.0, min(times) - self._clock.now())
            self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._clock.now()
        for visit in list(self._visits.values()):
            self._play(visit.guest.handle_timeout(now))
        self._schedule()


def _rules(config: ReceiverConfig, client: GatewayClient) -> GuestRules:
    """Who may not play may move nothing."""
    deny = frozenset(config.deny) | frozenset(config.gateway.deny)
    return GuestRules(
        pads=config.pads,
        index=client.index,
        deny=deny if client.plays else frozenset(Control),
        longest_hold_ms=min(config.gateway.longest_hold_ms, config.longest_hold_ms),
    )


def _nobody_plays(moves: Sequence[Move]) -> None:
    """Until there is a receiver."""


def _ignore(data: bytes) -> None:
    """From one that has been sent away."""
