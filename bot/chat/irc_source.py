"""Twitch chat over a WebSocket: the asyncio shell around `bot.chat.irc`."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections import Counter
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from bot.chat.ear import EarConnection
from bot.chat.error import SourceError
from bot.chat.irc import End, IrcSession, Login, Wait
from bot.chat.irc_room import IrcRoom
from bot.chat.irc_voice import IrcVoice
from bot.chat.limits import AS_VIEWER, SendingLimits
from bot.chat.line import ChatEvent, SourceState
from bot.chat.mailbox import Mailbox, batches
from bot.chat.network import is_loopback, reason
from bot.chat.patience import Patience
from bot.chat.sayable import sayable
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)
# The library tells of every connection that opens or closes; its complaints are ours, its small talk is not.
_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

TWITCH_URL = "wss://irc-ws.chat.twitch.tv:443"

# Twitch's frames are a few kilobytes. A line of 100 kB fits and is dropped by the parser, with the connection
# kept; beyond this WebSocket itself ends the connection, and we make another.
MAX_FRAME = 1 << 20
OPEN_SECONDS = 10.0
# A close that nobody answers must not hold up Ctrl-C, which has a second.
CLOSE_SECONDS = 0.4
# Our lines are tiny: one that cannot be written for this long shows that the server has stopped reading.
SEND_SECONDS = 10.0

# The last two are the machine's settings: a SOCKS proxy without the library for it, a host name that is none.
_CONNECTION_ERRORS = (OSError, WebSocketException, ImportError, UnicodeError)

_NAME = re.compile(r"[a-z0-9_]{1,50}")


class IrcSource:
    """Reads one channel, for ever: reconnects by itself, and over a RECONNECT without a gap. With a token, it
    is a voice there too.

    url, channel  the chat server (TLS unless the scheme is ws) and the channel's login, '#' optional
    nick, token   an account, both or neither; without a token we read anonymously, as justinfan
    counters      what was dropped, how often we had to reconnect, what was said and what Twitch said to that
    """

    def __init__(
        self,
        url: str,
        channel: str,
        nick: str | None = None,
        token: str | None = None,
        shared_chat: bool = False,
        clock: WallClock | None = None,
    ) -> None:
        self._url = _checked_url(url, has_token=token is not None)
        self._login = _login(nick, token)
        self._clock = clock or WallClock()
        channel = _checked_name("channel", channel.removeprefix("#"))
        self._room = IrcRoom(channel, shared_chat=shared_chat)
        self._voice = IrcVoice(channel, self._login.nick, self._room.counters) if token else None
        if token:
            self._room.echo.login = self._login.nick
        self._talks: list[_Conversation] = []

    @property
    def counters(self) -> Counter[str]:
        """What was dropped, and why."""
        return self._room.counters

    @property
    def can_say(self) -> bool:
        """Whether there is an account to say it with."""
        return self._voice is not None

    @property
    def limits(self) -> SendingLimits:
        """How fast that account may write; as a moderator once Twitch has said that it is one."""
        return AS_VIEWER if self._voice is None else self._voice.limits

    def say(self, text: str, reply_to: str = "") -> None:
        """Sends one line. Never waits: what no connection takes at once is dropped and counted."""
        line = "" if self._voice is None else self._voice.line(text, reply_to)
        said = bool(line) and any(talk.say(line) for talk in reversed(self._talks))
        if said:
            self._room.echo.said(sayable(text), self._clock.now())
        self.counters["said" if said else "unsaid"] += 1

    def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches: a frame, or all the frames that were ready together."""
        return batches(self.fill)

    async def fill(self, mailbox: Mailbox) -> None:
        """Puts what happens there, until cancelled: one conversation after another, without a gap.

        After RECONNECT the old one is read on while the new one begins.
        """
        patience = Patience()
        leaving: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as tasks:
            while True:
                session = IrcSession(self._room, self._login, self._voice)
                talk = _Conversation(self._url, session, self._clock, mailbox)
                self._talks = [*self._talks[-1:], talk]  # while one is left, another has yet to join
                task = tasks.create_task(talk.run())
                end = await talk.ended
                if end.wait is Wait.AT_ONCE:
                    if leaving is not None:  # never more than one besides the current one
                        leaving.cancel()
                    leaving = task
                wait_ms = patience.wait_ms(
                    end.wait, now=self._clock.now(), lived_ms=talk.lived_ms, draw=random.random()
                )
                self.counters["reconnect"] += 1
                if end.wait is Wait.AT_ONCE:  # no gap, so nothing for the streamer
                    log.info("Chat of #%s: %s.", self._room.channel, end.because)
                else:
                    mailbox.put([SourceState(False, self._sentence(end, wait_ms))])
                await asyncio.sleep(wait_ms / 1000)

    def _sentence(self, end: End, wait_ms: float) -> str:
        seconds = max(1, round(wait_ms / 1000))
        return (
            f"The chat of #{self._room.channel} cannot be read: {end.because}. Trying again in {seconds} s."
        )


class _Conversation:
    """One WebSocket and its session. `ended` is set when it needs a successor, maybe before `run` returns."""

    def __init__(self, url: str, session: IrcSession, clock: WallClock, mailbox: Mailbox) -> None:
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self._url = url
        self._session = session
        self._clock = clock
        self._mailbox = mailbox
        self._opened_ms: float | None = None
        self._open = False
        self._asked = asyncio.Event()

    @property
    def lived_ms(self) -> float:
        """How long the connection has been open, 0 if it never was."""
        return 0.0 if self._opened_ms is None else self._clock.now() - self._opened_ms

    async def run(self) -> None:
        """Connects and talks until the session or the socket has had enough. Raises only when cancelled."""
        try:
            async with connect(
                self._url,
                create_connection=EarConnection,
                compression=None,
                max_size=MAX_FRAME,
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,  # the session has a PING of its own, at the level that matters
                logger=_library_log,
                proxy=None if is_loopback(self._url) else True,
            ) as socket:
                self._opened_ms = self._clock.now()
                self._session.connected(self._opened_ms)
                assert isinstance(socket, EarConnection), "made by create_connection"
                await self._talk(socket)
        except _CONNECTION_ERRORS as error:
            self._end(End(reason(error), Wait.BACK_OFF))

    def say(self, line: str) -> bool:
        """Whether this line leaves over this connection, a moment from now."""
        if not (self._open and self._session.say(line)):
            return False
        self._asked.set()
        return True

    async def _talk(self, socket: EarConnection) -> None:
        await self._follow_up(socket)
        socket.on_text = lambda frame: self._hear(socket, frame)
        halves = [asyncio.create_task(work(socket)) for work in (self._read, self._watch, self._answer)]
        self._open = True
        try:
            done, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            for half in done:
                half.result()
        finally:
            self._open = False
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)

    def _hear(self, socket: EarConnection, frame: str) -> None:
        """A text frame, the moment it was read. What has to wait is left to `_answer`."""
        session = self._session
        if session.over:
            return
        self._mailbox.put(session.receive(frame, self._clock.now()))
        if session.to_do or self._mailbox.full:
            if self._mailbox.full:
                socket.transport.pause_reading()
            self._asked.set()

    async def _answer(self, socket: EarConnection) -> None:
        """Sends what the session answers, and reads on once a full mailbox has been emptied."""
        while not self._session.over:
            await self._asked.wait()
            self._asked.clear()
            await self._follow_up(socket)
            await self._mailbox.space()
            socket.transport.resume_reading()  # harmless where it was not paused

    async def _read(self, socket: EarConnection) -> None:
        """What the ear leaves: fragments, binary messages, and the end of the connection."""
        while not self._session.over:
            frame = await socket.recv()
            if isinstance(frame, str):
                self._hear(socket, frame)
            else:
                self._session.receive_binary(self._clock.now())

    async def _watch(self, socket: EarConnection) -> None:
        """Wakes the session when something is due. While the link talks, deadlines only move away."""
        while not self._session.over:
            due_ms = self._session.next_timeout()
            assert due_ms is not None, "an open conversation always waits for something"
            await asyncio.sleep(max(0.0, due_ms - self._clock.now()) / 1000)
            self._mailbox.put(self._session.handle_timeout(self._clock.now()))
            await self._follow_up(socket)

    async def _follow_up(self, socket: EarConnection) -> None:
        """What the session wants done after every call."""
        try:
            for line in self._session.lines_to_send():
                async with asyncio.timeout(SEND_SECONDS):
                    await socket.send(line)
        except ConnectionClosed:
            pass  # the reader learns it too, once it has read what came before
        if self._session.end is not None:
            self._end(self._session.end)

    def _end(self, end: End) -> None:
        if not self.ended.done():
            self.ended.set_result(end)


def _checked_url(url: str, *, has_token: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise SourceError(f"The chat server's url must look like {TWITCH_URL}, not {url!r}.")
    if has_token and parts.scheme == "ws" and not is_loopback(url):
        raise SourceError(f"A token is not sent over an unencrypted line: use wss:// instead of {url!r}.")
    return url


def _checked_name(what: str, name: str) -> str:
    if not _NAME.fullmatch(name.lower()):
        raise SourceError(f"A Twitch {what} has only letters, digits and underscores; {name!r} does not fit.")
    return name.lower()


def _login(nick: str | None, token: str | None) -> Login:
    if token is None:
        if nick is not None:
            log.warning("Chat is read anonymously: the account %s is of no use without a token.", nick)
        return Login(f"justinfan{random.randint(10_000, 99_999)}")
    if nick is None:
        raise SourceError("A chat token needs `nick` too: the login of the account it belongs to.")
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", token):
        raise SourceError("The chat token is not one: it must be a single word of printable characters.")
    return Login(_checked_name("nick", nick), token)
