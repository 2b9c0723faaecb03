"""Twitch's EventSub on this machine: the WebSocket side, its rules included.

What it does as Twitch does: a welcome first; 4003 for whoever has not subscribed in time and 4001 for whoever
says a word; keepalives while nothing happens; a reconnect address that carries the subscriptions over, and
4004 for whoever stays behind too long; the same message again with the same id. `bench.world.helix` is the
HTTP side, where subscriptions are made.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from bench.world import eventsub_payloads as payloads
from bench.world.eventsub_payloads import Event
from config.levels import Level
from tunnel.wallclock import WallClock

_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

CLOSE_SECONDS = 0.4


@dataclass(eq=False)
class Session:
    """One client's session; it outlives its socket by a reconnect. subscriptions: id -> (type, condition)."""

    id: str
    socket: ServerConnection
    subscriptions: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    moving: asyncio.Task[None] | None = None


class LocalEventSub:
    """The server. `start`, script it with the methods below, `stop`.

    keepalive_s, unused_s, grace_s   how long until it says it lives, closes with 4003, closes with 4004
    """

    def __init__(
        self,
        channel: str = "crowdpad",
        *,
        keepalive_s: float = 10.0,
        unused_s: float = 10.0,
        grace_s: float = 30.0,
        clock: WallClock | None = None,
    ) -> None:
        self.channel = channel
        self.counters: Counter[str] = Counter()
        self.sessions: dict[str, Session] = {}
        self.sockets: set[ServerConnection] = set()
        self.silent = False
        self.welcomes = True
        self.last_frame = ""
        self._keepalive_s = keepalive_s
        self._unused_s = unused_s
        self._grace_s = grace_s
        self._clock = clock or WallClock()
        self._ids = itertools.count(1)
        self._server: Server | None = None
        self._changed = asyncio.Event()

    async def start(self, port: int = 0) -> None:
        """Listens on loopback; port 0 takes a free one."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            port,
            compression=None,
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            logger=_library_log,
        )

    async def stop(self) -> None:
        """Closes every connection and forgets everybody."""
        for session in self.sessions.values():
            if session.moving is not None:
                session.moving.cancel()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        assert self._server is not None, "start comes first"
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ws"

    def next_id(self) -> str:
        """Shaped like Twitch's."""
        return f"{next(self._ids):08x}-0000-4000-8000-0000c0ffee00"

    def subscribe(self, session_id: str, type: str, condition: dict[str, str]) -> str | None:
        """What the HTTP side asks for; None if there is no such session. Raises KeyError if it is there."""
        session = self.sessions.get(session_id)
        if session is None or session.socket not in self.sockets:
            return None
        if (type, condition) in session.subscriptions.values():
            raise KeyError(type)
        id = self.next_id()
        session.subscriptions[id] = (type, condition)
        self._changed.set()
        return id

    async def subscribed(self, *types: str, sessions: int = 1) -> None:
        """Waits until this many sessions have subscribed to all of these."""
        while sum(set(types) <= self._types(session) for session in self.sessions.values()) < sessions:
            self._changed.clear()
            await self._changed.wait()

    async def connected(self, times: int) -> None:
        """Waits until there have been this many connections since the start."""
        while self.counters["connections"] < times:
            self._changed.clear()
            await self._changed.wait()

    # What happens in the channel

    def notify(self, type: str, event: Event, *, sent_ms: float | None = None) -> None:
        """To every subscription of this type, each a delivery of its own.

        A session that is moving gets it on both of its sockets.
        """
        now = self._clock.now() if sent_ms is None else sent_ms
        frames: dict[str, str] = {}
        for session in list(self.sessions.values()):
            for id, (wanted, condition) in session.subscriptions.items():
                if wanted != type:
                    continue
                if id not in frames:
                    told = payloads.subscription(id, type, condition, session.id)
                    payload = {"subscription": told, "event": event}
                    frames[id] = self._written("notification", payload, now, type)
                self._write(session.socket, frames[id])

    def say(
        self, user: str, text: str, *, id: str | None = None, level: Level = Level.VIEWER, **changes: Any
    ) -> str:
        """A chat line. Answers its id."""
        id = id or self.next_id()
        event = payloads.chat_message(self.channel, user, text, id=id, level=level, **changes)
        self.notify("channel.chat.message", event)
        return id

    def repeat(self) -> None:
        """The last message once more, the same to the byte: Twitch delivers at least once."""
        self.raw(self.last_frame)

    def raw(self, frame: str | bytes) -> None:
        """One frame to everybody, exactly so; bytes are a binary one."""
        for socket in self.sockets:
            self._write(socket, frame)

    # What Twitch does with its connections

    def revoke(self, type: str, status: str) -> None:
        """Takes a subscription back."""
        for session in list(self.sessions.values()):
            for id, (wanted, condition) in list(session.subscriptions.items()):
                if wanted == type:
                    del session.subscriptions[id]
                    told = payloads.subscription(id, type, condition, session.id, status=status)
                    frame = self._written("revocation", {"subscription": told}, self._clock.now(), type)
                    self._write(session.socket, frame)

    def ask_reconnect(self, url: str | None = None) -> None:
        """Sends everybody elsewhere: to an address of ours unless `url` is given."""
        for session in list(self.sessions.values()):
            there = url or f"{self.url}?challenge=d8-41&id={session.id}"
            now = self._clock.now()
            payload = payloads.session(session.id, "reconnecting", now, reconnect_url=there)
            self._write(session.socket, self._written("session_reconnect", payload, now))
            session.moving = asyncio.create_task(self._expect_move(session, session.socket))

    async def close_all(self, code: int, reason: str = "") -> None:
        """Closes every connection with this code."""
        await asyncio.gather(*(socket.close(code, reason) for socket in list(self.sockets)))

    def drop_all(self) -> None:
        """Every connection breaks, without a word."""
        for socket in list(self.sockets):
            socket.transport.abort()

    def go_silent(self, silent: bool = True) -> None:
        """Connections stay open and nothing is said any more, as on a line that went dead."""
        self.silent = silent

    async def _serve(self, socket: ServerConnection) -> None:
        self.sockets.add(socket)
        self.counters["connections"] += 1
        self._changed.set()
        query = parse_qs(urlsplit(socket.request.path if socket.request else "").query)
        alive = asyncio.create_task(self._stay_alive(socket))
        unused: asyncio.Task[None] | None = None
        try:
            if "id" in query:
                session = self._resumed(query["id"], socket)
                if session is None:
                    await socket.close(4007, "invalid reconnect")
                    return
            else:
                session = Session(f"Ago{self.next_id()}", socket)
                self.sessions[session.id] = session
                unused = asyncio.create_task(self._expect_use(session))
            if self.welcomes:
                self._welcome(session)
            async for _ in socket:
                self.counters["inbound_traffic"] += 1
                await socket.close(4001, "sent inbound traffic")
        except ConnectionClosed:
            pass  # however it went, the client is gone
        finally:
            alive.cancel()
            if unused is not None:
                unused.cancel()
            self.sockets.discard(socket)
            self._forget(socket)
            self._changed.set()

    def _resumed(self, ids: Iterable[str], socket: ServerConnection) -> Session | None:
        session = next((self.sessions[id] for id in ids if id in self.sessions), None)
        if session is None:
            return None
        # Until its client lets go, the old socket keeps the same subscriptions.
        session.socket, old = socket, session.socket
        self.sessions[f"{session.id} (old)"] = Session(session.id, old, session.subscriptions)
        return session

    def _forget(self, socket: ServerConnection) -> None:
        for key in [key for key, session in self.sessions.items() if session.socket is socket]:
            del self.sessions[key]

    def _welcome(self, session: Session) -> None:
        if session.moving is not None:
            session.moving.cancel()
            session.moving = None
        seconds, now = max(1, round(self._keepalive_s)), self._clock.now()
        payload = payloads.session(session.id, "connected", now, keepalive_timeout_seconds=seconds)
        self._write(session.socket, self._written("session_welcome", payload, now))

    async def _stay_alive(self, socket: ServerConnection) -> None:
        while True:
            await asyncio.sleep(self._keepalive_s / 2)
            self._write(socket, self._written("session_keepalive", {}, self._clock.now()))
            self.counters["keepalives"] += 1

    async def _expect_use(self, session: Session) -> None:
        await asyncio.sleep(self._unused_s)
        if not session.subscriptions:
            await session.socket.close(4003, "connection unused")

    async def _expect_move(self, session: Session, old: ServerConnection) -> None:
        await asyncio.sleep(self._grace_s)
        await old.close(4004, "reconnect grace time expired")

    def _written(self, kind: str, payload: dict[str, Any], sent_ms: float, type: str | None = None) -> str:
        metadata = {} if type is None else {"subscription_type": type, "subscription_version": "1"}
        self.last_frame = payloads.written(kind, self.next_id(), sent_ms, payload, **metadata)
        return self.last_frame

    def _write(self, socket: ServerConnection, frame: str | bytes) -> None:
        """At once and in order; a connection on its way out is skipped."""
        if not self.silent:
            broadcast([socket], frame)

    def _types(self, session: Session) -> set[str]:
        return {type for type, _ in session.subscriptions.values()}
