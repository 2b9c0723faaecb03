"""One WebSocket to EventSub and its session: the part of the shell that lives as long as a connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from bot.chat.ear import EarConnection
from bot.chat.eventsub_session import End, EventSubSession
from bot.chat.irc import Wait
from bot.chat.mailbox import Mailbox
from bot.chat.network import is_loopback, reason
from tunnel.wallclock import WallClock

# The library tells of every connection that opens or closes; its complaints are ours, its small talk is not.
_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

# A message is a few kilobytes; beyond this WebSocket itself ends the connection, and we make another.
MAX_FRAME: Final = 1 << 20
OPEN_SECONDS: Final = 10.0
# A close that nobody answers must not hold up Ctrl-C, which has a second.
CLOSE_SECONDS: Final = 0.4

# The last two are the machine's settings: a SOCKS proxy without the library for it, a host name that is none.
_CONNECTION_ERRORS: Final = (OSError, WebSocketException, ImportError, UnicodeError)


class Conversation:
    """One connection, from its opening to its close.

    subscribe    called with the session once it asks
    predecessor  is closed once this one listens
    ended        set when it needs a successor, maybe before `run` returns
    """

    def __init__(
        self,
        url: str,
        session: EventSubSession,
        clock: WallClock,
        mailbox: Mailbox,
        subscribe: Callable[[EventSubSession], Awaitable[None]],
        predecessor: Conversation | None = None,
    ) -> None:
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._url = url
        self._session = session
        self._clock = clock
        self._mailbox = mailbox
        self._subscribe = subscribe
        self._predecessor = predecessor
        self._opened_ms: float | None = None
        self._changed = asyncio.Event()

    @property
    def lived_ms(self) -> float:
        """How long the connection has been open, 0 if it never was."""
        return 0.0 if self._opened_ms is None else self._clock.now() - self._opened_ms

    @property
    def reads(self) -> bool:
        """Whether lines may still come from it."""
        return self._session.reads

    def close(self) -> None:
        """Its successor listens."""
        self._session.retire()
        self._follow_up()

    async def run(self) -> None:
        """Connects and listens until the session or the socket has had enough. Raises only when cancelled."""
        try:
            async with connect(
                self._url,
                create_connection=EarConnection,
                compression=None,
                max_size=MAX_FRAME,
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,  # Twitch asks; whoever sends to Twitch is closed with 4001
                logger=_library_log,
                proxy=None if is_loopback(self._url) else True,
            ) as socket:
                self._opened_ms = self._clock.now()
                self._session.connected(self._opened_ms)
                assert isinstance(socket, EarConnection), "made by create_connection"
                await self._listen(socket)
        except _CONNECTION_ERRORS as error:
            self._end(End(reason(error), Wait.BACK_OFF))

    async def _listen(self, socket: EarConnection) -> None:
        socket.on_text = lambda frame: self._hear(socket, frame)
        parts = [asyncio.create_task(work(socket)) for work in (self._read, self._watch, self._act)]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    def _hear(self, socket: EarConnection, frame: str) -> None:
        """A text frame, the moment it was read. What has to wait is left to `_act`."""
        self._mailbox.put(self._session.receive(frame, self._clock.now()))
        if self._mailbox.full:
            socket.transport.pause_reading()
            self._changed.set()
        self._follow_up()

    def _follow_up(self) -> None:
        """What the session wants looked at after every call."""
        session = self._session
        if session.listens and self._predecessor is not None:
            self._predecessor.close()
            self._predecessor = None
        if session.end is not None:
            self._end(session.end)
        if session.asks or session.over:
            self._changed.set()

    async def _read(self, socket: EarConnection) -> None:
        """What the ear leaves: fragments, binary messages, and the end of the connection."""
        try:
            while not self._session.over:
                frame = await socket.recv()
                if isinstance(frame, str):
                    self._hear(socket, frame)
                else:
                    self._session.receive_binary(self._clock.now())
        except ConnectionClosed as error:
            self._session.closed(error.rcvd.code if error.rcvd else None)
            self._follow_up()

    async def _watch(self, socket: EarConnection) -> None:
        """Wakes the session when something is due. While Twitch talks, deadlines only move away."""
        while not self._session.over:
            due_ms = self._session.next_timeout()
            assert due_ms is not None, "an open conversation always waits for something"
            await asyncio.sleep(max(0.0, due_ms - self._clock.now()) / 1000)
            self._session.handle_timeout(self._clock.now())
            self._follow_up()

    async def _act(self, socket: EarConnection) -> None:
        """Subscribes when the session asks, reads on once a full mailbox has been emptied, ends with it."""
        asked = False
        while not self._session.over:
            await self._changed.wait()
            self._changed.clear()
            if self._session.asks and not asked:
                asked = True
                await self._subscribe(self._session)
                self._follow_up()
            await self._mailbox.space()
            socket.transport.resume_reading()  # harmless where it was not paused

    def _end(self, end: End) -> None:
        if not self.ended.done():
            self.ended.set_result(end)
