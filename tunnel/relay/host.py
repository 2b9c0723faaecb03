"""What a relay does with a connection: lets it in, logs it in, forwards for it, sees it off.

A datagram is forwarded inside the call that read it from its socket: no queue, no task, no waiting. Members
who read slowly have their newest datagrams kept for them; members who read nothing are closed.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from functools import partial
from typing import Final

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from tunnel.relay.connection import RelayConnection
from tunnel.relay.door import Door
from tunnel.relay.gate import GateError, admit
from tunnel.relay.login import Challenge, LoginError, Refused, Welcome, parse_rooms
from tunnel.relay.metrics import Snapshot
from tunnel.relay.refusal import BAD_LOGIN, FULL, NONSENSE, OVER_RATE, REPLACED, TOO_SLOW, Refusal
from tunnel.relay.rooms import Member, OverRateError, Rooms, RoomsFullError
from tunnel.relay.settings import MESSAGE_BYTES, RelaySettings
from tunnel.relay.stun_told import StunTold
from tunnel.wallclock import WallClock

_log = logging.getLogger(__name__)

# What the WebSocket library closes a connection for by itself, as we count it.
_LIBRARY_REASONS: Final[dict[int, str]] = {
    CloseCode.MESSAGE_TOO_BIG: "oversize",
    CloseCode.PROTOCOL_ERROR: "protocol",
    CloseCode.INVALID_DATA: "protocol",
    CloseCode.INTERNAL_ERROR: "silent",  # no pong came
}


class RelayHost:
    """All connections of one relay. `attend` is the WebSocket server's handler; call `sweep` every second.

    stun  what members are told of it; set it once that is known
    """

    def __init__(self, settings: RelaySettings, clock: WallClock) -> None:
        self.logins: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.stun: StunTold | None = None
        self._settings = settings
        self._clock = clock
        self._allow = None if settings.allow is None else frozenset(a.lower() for a in settings.allow)
        self._rooms: Rooms[RelayConnection] = Rooms(settings.limits)
        self._door = Door(settings.limits)
        self._connections: set[RelayConnection] = set()
        self._goodbyes: set[asyncio.Task[None]] = set()

    def arrived(self, connection: RelayConnection) -> bool:
        """Whether a new connection may stay; if so, `left` follows."""
        if not self._door.knock(connection.address):
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: RelayConnection) -> None:
        self._connections.discard(connection)
        self._door.leave(connection.address, seated=connection.seated)
        if connection.flooded:
            self.closed["flooded"] += 1

    async def attend(self, connection: ServerConnection) -> None:
        """From the WebSocket handshake to the end. Whatever the other side does, it raises nothing."""
        assert isinstance(connection, RelayConnection)
        try:
            member = await self._log_in(connection)
            if member is not None:
                await self._serve(connection, member)
        except ConnectionClosed as error:
            if not connection.seated:
                self.logins["gone"] += 1
            if error.sent is not None and error.sent.code in _LIBRARY_REASONS and not error.rcvd_then_sent:
                self.closed[_LIBRARY_REASONS[error.sent.code]] += 1

    def sweep(self) -> None:
        """Closes those who read nothing."""
        now, limit = self._clock.now(), self._settings.limits.stalled_ms
        for connection in list(self._connections):
            if connection.stalled(limit, now):
                self.closed["stalled"] += 1
                connection.abort()

    def abort(self) -> None:
        """Ends every connection now."""
        for task in self._goodbyes:
            task.cancel()
        for connection in list(self._connections):
            connection.abort()

    def snapshot(self) -> Snapshot:
        """How things stand, in the terms of metrics.py."""
        counters = self._rooms.counters
        return {
            "connections": self._door.connections,
            "waiting": self._door.waiting,
            "members": self._rooms.members,
            "rooms": self._rooms.rooms,
            "parked": self._rooms.parked,
            **{key: counters[key] for key in ("messages_in", "messages_out", "bytes_in", "bytes_out")},
            "dropped": {
                k.removeprefix("dropped_"): n for k, n in counters.items() if k.startswith("dropped_")
            },
            "turned_away": dict(self._door.counters),
            "logins": dict(self.logins),
            "closed": dict(self.closed),
        }

    async def _log_in(self, connection: RelayConnection) -> Member[RelayConnection] | None:
        limits = self._settings.limits
        challenge = Challenge(self._settings.name, secrets.token_hex(16), int(self._clock.now()))
        text: str | bytes = b""
        try:
            async with asyncio.timeout(limits.login_ms / 1000):
                await connection.send(challenge.to_json())
                text = await connection.recv()
            if not isinstance(text, str):
                raise GateError(BAD_LOGIN, "a login is text")
            login = admit(text, challenge, self._allow)
            member, replaced = self._rooms.enter(login.address, login.rooms, connection)
        except TimeoutError:
            await self._refuse(connection, TOO_SLOW, len(text))
        except GateError as error:
            _log.debug("Refused a login from %s: %s.", connection.address, error)
            await self._refuse(connection, error.refusal, len(text))
        except RoomsFullError as error:
            _log.debug("Refused a login from %s: %s.", connection.address, error)
            await self._refuse(connection, FULL, len(text))
        else:
            self._dismiss(replaced, REPLACED)
            return member
        return None

    async def _refuse(self, connection: RelayConnection, refusal: Refusal, question: int) -> None:
        """Says why, but never at greater length than what was said to us."""
        self.logins[refusal.reason] += 1
        answer = Refused(refusal.text).to_json()
        if len(answer) <= question:
            broadcast([connection], answer)
        await connection.close(refusal.code)

    async def _serve(self, connection: RelayConnection, member: Member[RelayConnection]) -> None:
        self.logins["ok"] += 1
        connection.seated = True
        self._door.seat(connection.address)
        # The welcome is written before anybody's datagram can be, because nothing here waits.
        welcome = Welcome(MESSAGE_BYTES, self._settings.limits.messages_per_second, self.stun)
        broadcast([connection], welcome.to_json())
        connection.on_datagram = partial(self._forward, member)
        connection.on_writable = partial(self._drain, member)
        try:
            async for message in connection:
                if isinstance(message, bytes):  # came together with the login, or in fragments
                    self._forward(member, message)
                else:
                    self._change_rooms(member, message)
        finally:
            self._rooms.leave(member)
            connection.on_datagram = connection.on_writable = None

    def _forward(self, member: Member[RelayConnection], datagram: bytes) -> None:
        size = len(datagram)
        try:
            peers = self._rooms.forward(member, size, self._clock.now())
        except OverRateError:
            self._dismiss([member], OVER_RATE)
            return
        ready = []
        for peer in peers:
            if peer.outlet.paused:
                self._rooms.park(peer, datagram)
            else:
                ready.append(peer.outlet)
        if ready:
            broadcast(ready, datagram)
            self._rooms.sent(len(ready), size)

    def _drain(self, member: Member[RelayConnection]) -> None:
        while not member.outlet.paused and (datagram := self._rooms.unpark(member)) is not None:
            broadcast([member.outlet], datagram)
            self._rooms.sent(1, len(datagram))

    def _change_rooms(self, member: Member[RelayConnection], text: str) -> None:
        try:
            self._dismiss(self._rooms.move(member, parse_rooms(text)), REPLACED)
        except LoginError:
            self._dismiss([member], NONSENSE)
        except RoomsFullError:
            # It keeps the rooms it has: whoever filled tomorrow's room must not empty today's.
            self.closed["kept_rooms"] += 1

    def _dismiss(self, members: list[Member[RelayConnection]], refusal: Refusal) -> None:
        """Closes members' connections with a reason, and hears nothing more from them meanwhile."""
        for member in members:
            connection = member.outlet
            if connection.on_datagram is _ignore:
                continue  # it has been told
            self.closed[refusal.reason] += 1
            self._rooms.leave(member)
            connection.on_datagram = _ignore
            task = asyncio.create_task(connection.close(refusal.code))
            self._goodbyes.add(task)
            task.add_done_callback(self._goodbyes.discard)


def _ignore(datagram: bytes) -> None:
    """What a member sends after its dismissal."""
