"""The Twitch side of one EventSub connection, without the connection. Sans-IO.

    NEW -> GREETING -- welcome --> ASKING -- subscribed --> LISTENING -- reconnect --> LEAVING
                          \\________ resumed: welcome ________/              (still read until the successor
                                                                             listens, or for 30 s)
    anywhere -- silence, refusal, close --> OVER

We never send a word: Twitch closes with 4001 on whoever does. Source of the rules:
dev.twitch.tv/docs/eventsub/handling-websocket-events.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from bot.chat.eventsub_events import EventSubRoom
from bot.chat.eventsub_message import (
    Kind,
    Message,
    read_message,
    read_reconnect_url,
    read_session,
    read_subscription,
)
from bot.chat.eventsub_wishes import CHAT, what_is
from bot.chat.eventsub_words import closed_because, revoked_because, wait_after
from bot.chat.fields import FieldError
from bot.chat.irc import Wait
from bot.chat.line import ChatEvent, SourceState

# A welcome is the first thing on a connection and takes a second; this is Twitch's own measure for patience.
WELCOME_MS = 10_000.0
# Twitch promises something within the keepalive time; a busy moment on the way is no reason to give up.
# Others wait 1.2 times as long too.
GRACE = 1.2
# How long Twitch leaves the old connection open after a reconnect message.
FAREWELL_MS = 30_000.0


class State(enum.Enum):
    """Where the connection stands."""

    NEW = "new"
    GREETING = "greeting"
    ASKING = "asking"
    LISTENING = "listening"
    LEAVING = "leaving"
    OVER = "over"


class _Step(enum.Enum):
    OPENED = "the socket is open"
    WELCOMED = "Twitch has given us a session"
    RESUMED = "Twitch has given us the old session again, with its subscriptions"
    SUBSCRIBED = "Twitch has granted the chat"
    MOVING = "Twitch wants us elsewhere"


# What is not here cannot happen: whatever asks for it is counted and ignored. OVER is reached from anywhere.
_MOVES = {
    (State.NEW, _Step.OPENED): State.GREETING,
    (State.GREETING, _Step.WELCOMED): State.ASKING,
    (State.GREETING, _Step.RESUMED): State.LISTENING,
    (State.ASKING, _Step.SUBSCRIBED): State.LISTENING,
    (State.LISTENING, _Step.MOVING): State.LEAVING,
}


@dataclass(frozen=True, slots=True)
class End:
    """This connection needs a successor. url: where Twitch wants it, to resume this very session."""

    because: str
    wait: Wait
    url: str | None = None


class _Deadline(enum.Enum):
    """Why the connection would wake."""

    WELCOME = "no welcome yet"
    KEEPALIVE = "nothing was heard for longer than Twitch promised"
    FAREWELL = "the old connection has had its time"


class EventSubSession:
    """One connection.

    home      its address; a reconnect address must belong to it
    resumes   it was opened at a reconnect address: subscriptions carry over

    Law of use: call `connected` once the socket is open, then `receive` for each text frame, `closed` when
    Twitch has closed it, and `handle_timeout` when `next_timeout` has passed (earlier is harmless). After
    every call look at `asks` (subscribe for this session, then call `subscribed` or `refused`), `end` (start
    a successor) and `over` (close the socket). No input makes it raise.
    """

    def __init__(self, room: EventSubRoom, home: str, *, resumes: bool = False) -> None:
        self.state = State.NEW
        self.end: End | None = None
        self.id = ""
        self._room = room
        self._home = home
        self._resumes = resumes
        self._keepalive_ms = WELCOME_MS
        self._deadlines: dict[_Deadline, float] = {}
        self._readers: dict[Kind, Callable[[Message, float], list[ChatEvent]]] = {
            Kind.WELCOME: self._welcomed,
            Kind.KEEPALIVE: lambda message, now: [],
            Kind.NOTIFICATION: room.events,
            Kind.RECONNECT: self._moved,
            Kind.REVOCATION: self._revoked,
        }

    @property
    def asks(self) -> bool:
        """Whether this session waits to be subscribed for; Twitch gives it 10 s."""
        return self.state is State.ASKING

    @property
    def listens(self) -> bool:
        """Whether lines can arrive: the predecessor is no longer needed."""
        return self.state is State.LISTENING

    @property
    def reads(self) -> bool:
        """Whether lines can arrive, be it only until the successor listens."""
        return self.state in (State.LISTENING, State.LEAVING)

    @property
    def over(self) -> bool:
        """Whether the socket has nothing more to give and is to be closed."""
        return self.state is State.OVER

    def connected(self, now: float) -> None:
        """The socket is open."""
        if self._step(_Step.OPENED):
            self._deadlines[_Deadline.WELCOME] = now + WELCOME_MS

    def receive(self, frame: str, now: float) -> list[ChatEvent]:
        """Reads one text frame."""
        if self.over:
            return []
        self._heard(now)
        try:
            message = read_message(frame)
            return self._readers[message.kind](message, now)
        except FieldError:
            self._room.counters["message_malformed"] += 1
            return []

    def receive_binary(self, now: float) -> None:
        """Twitch speaks text only: a binary frame shows that the link lives, and is dropped."""
        self._heard(now)
        self._room.counters["binary_frame"] += 1

    def subscribed(self) -> list[ChatEvent]:
        """Twitch has granted the chat."""
        if not self._step(_Step.SUBSCRIBED):
            return []
        return [SourceState(True, f"Reading the chat of #{self._room.channel} through EventSub.")]

    def refused(self, because: str, wait: Wait) -> None:
        """Without the chat this session is of no use."""
        self._finish(End(because, wait))

    def closed(self, code: int | None) -> None:
        """The socket is closed; `code` is what Twitch said with it."""
        self._finish(End(closed_because(code), wait_after(code)))

    def retire(self) -> None:
        """The successor listens."""
        self._finish(End("its successor listens", Wait.AT_ONCE))

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, None for never."""
        return min(self._deadlines.values(), default=None)

    def handle_timeout(self, now: float) -> None:
        """Does what is due."""
        for deadline in [deadline for deadline, at_ms in self._deadlines.items() if at_ms <= now]:
            if deadline is _Deadline.FAREWELL:
                self.retire()
            else:
                self._finish(End("Twitch has gone silent", Wait.BACK_OFF))

    def _welcomed(self, message: Message, now: float) -> list[ChatEvent]:
        session = read_session(message)
        if self._step(_Step.RESUMED if self._resumes else _Step.WELCOMED):
            self.id = session.id
            self._keepalive_ms = session.keepalive_ms * GRACE
            self._room.greeted(message.sent_ms, now)
            self._deadlines.pop(_Deadline.WELCOME)
            self._heard(now)
        return []

    def _moved(self, message: Message, now: float) -> list[ChatEvent]:
        """A session that is still asking has nothing worth carrying over: it begins again."""
        because = "Twitch asks its clients to move"
        url: str | None = None
        try:
            url = read_reconnect_url(message, self._home)
        except FieldError:  # then a new session takes over, without this one's subscriptions
            self._room.counters["reconnect_malformed"] += 1
        if self.state in (State.GREETING, State.ASKING):
            self._finish(End(because, Wait.AT_ONCE))
        elif self._step(_Step.MOVING):
            self.end = End(because, Wait.AT_ONCE, url)
            self._deadlines[_Deadline.FAREWELL] = now + FAREWELL_MS
        return []

    def _revoked(self, message: Message, now: float) -> list[ChatEvent]:
        subscription = read_subscription(message)
        because = revoked_because(subscription.status)
        if subscription.type == CHAT.type:
            self._finish(End(f"Twitch has ended it: {because}", Wait.SLOWLY))
            return []
        return [SourceState(True, f"Twitch no longer tells about {what_is(subscription.type)}: {because}.")]

    def _heard(self, now: float) -> None:
        if self.state in (State.ASKING, State.LISTENING, State.LEAVING):
            self._deadlines[_Deadline.KEEPALIVE] = now + self._keepalive_ms

    def _step(self, step: _Step) -> bool:
        """Whether this is a legal move here; it is made then."""
        to = _MOVES.get((self.state, step))
        if to is None:
            self._room.counters["message_unexpected"] += 1
            return False
        self.state = to
        return True

    def _finish(self, end: End) -> None:
        self.state = State.OVER
        self._deadlines.clear()
        if self.end is None:
            self.end = end
