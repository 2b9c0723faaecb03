"""The Twitch side of one chat connection, without the connection. Sans-IO.

    connected ---> JOINING -- proof --> JOINED -- RECONNECT --> LEAVING (still read, for a while)
                     |  ^ no answer        |
                     v  |                  v
                   UNANSWERED -- proof -> JOINED     anywhere -- silence, refused login --> OVER

Everything is asked for at once (capabilities, login, join): Twitch answers in order, and a chat that is read
anonymously needs nothing from the answers. Source of the protocol: dev.twitch.tv/docs/chat/irc.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.chat.irc_message import IrcError, Message, parse, read_tags
from bot.chat.irc_room import IrcRoom
from bot.chat.irc_voice import IrcVoice
from bot.chat.line import ChatEvent, SourceState

# A link that says nothing for this long is asked; clients of Twitch use 15 s to 60 s, and Twitch itself asks
# every 5 minutes. Then it has this long to answer (others: 5 s to 10 s).
QUIET_MS = 60_000.0
PONG_MS = 10_000.0
# Twitch answers a JOIN within a second and says nothing at all when the channel does not exist.
JOIN_ANSWER_MS = 10_000.0
# The channel may be created, renamed or unsuspended while we wait. Twitch allows 20 joins in 10 s.
JOIN_AGAIN_MS = 30_000.0
# How long an old connection is still read after RECONNECT while its successor joins; Twitch closes it first.
FAREWELL_MS = 30_000.0
# Lines of ours that may wait for the socket. It takes each at once, or it has stopped reading; Twitch lets
# nobody write more than 100 in 30 s.
MOST_UNSENT = 32

CAPABILITIES = "CAP REQ :twitch.tv/tags twitch.tv/commands twitch.tv/membership"

# What only a server that let us in says about a channel.
_PROOFS_OF_JOIN = frozenset(
    {"JOIN", "353", "366", "ROOMSTATE", "USERSTATE", "CLEARCHAT", "CLEARMSG", "USERNOTICE"}
)
_LOGIN_REFUSALS = frozenset(
    {
        "Login authentication failed",
        "Login unsuccessful",
        "Improperly formatted auth",
        "Invalid NICK",
    }
)
_ROOM_REFUSALS = frozenset({"msg_channel_suspended", "msg_banned", "msg_room_not_found", "tos_ban"})


class State(enum.Enum):
    """Where the conversation stands."""

    NEW = "new"
    JOINING = "joining"
    UNANSWERED = "unanswered"
    JOINED = "joined"
    LEAVING = "leaving"
    OVER = "over"


class Wait(enum.Enum):
    """How soon the next connection may be tried."""

    AT_ONCE = "at once"
    BACK_OFF = "back off"
    SLOWLY = "slowly"


@dataclass(frozen=True, slots=True)
class End:
    """This connection needs a successor."""

    because: str
    wait: Wait


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are on Twitch: a nick, and a token unless the nick is an anonymous one (justinfan12345)."""

    nick: str
    token: str | None = field(default=None, repr=False)


class _Deadline(enum.Enum):
    """Why the conversation would wake: each is set in one place and due in `handle_timeout`."""

    QUIET = "nothing was heard for so long that we ask"
    PONG = "we asked and it did not answer"
    JOIN = "the JOIN has no answer yet"
    FAREWELL = "the old connection has had its time after RECONNECT"


class IrcSession:
    """One connection's conversation with Twitch about one room.

    Law of use: call `connected` once the socket is open, then `receive` for each text frame and
    `handle_timeout` when `next_timeout` has passed (earlier is harmless). After every call send what
    `lines_to_send` gives, and look at `end` (start a successor) and `over` (close the socket). No input makes
    it raise.
    """

    def __init__(self, room: IrcRoom, login: Login, voice: IrcVoice | None = None) -> None:
        self.state = State.NEW
        self.end: End | None = None
        self._room = room
        self._login = login
        self._voice = voice
        self._said = ""
        self._lines: list[str] = []
        self._deadlines: dict[_Deadline, float] = {}
        self._answers: dict[str, Callable[[Message, float], list[ChatEvent]]] = {
            "PING": self._ping,
            "RECONNECT": self._reconnect,
            "NOTICE": self._notice,
            "PART": self._part,
        }
        self._expiries: dict[_Deadline, Callable[[float], list[ChatEvent]]] = {
            _Deadline.QUIET: self._quiet,
            _Deadline.PONG: self._no_pong,
            _Deadline.JOIN: self._no_answer,
            _Deadline.FAREWELL: self._farewell,
        }

    @property
    def over(self) -> bool:
        """Whether the socket has nothing more to give and is to be closed."""
        return self.state is State.OVER

    def connected(self, now: float) -> None:
        """The socket is open."""
        self._lines.append(CAPABILITIES)
        if self._login.token is not None:  # before NICK, or Twitch calls it "improperly formatted"
            self._lines.append(f"PASS oauth:{self._login.token.removeprefix('oauth:')}")
        self._lines.append(f"NICK {self._login.nick}")
        self._heard(now)
        self._join(now, JOIN_ANSWER_MS)
        self.state = State.JOINING

    def receive(self, frame: str, now: float) -> list[ChatEvent]:
        """Reads one text frame: any number of lines, each ended by CR LF, LF or the frame."""
        self._heard(now)
        events: list[ChatEvent] = []
        room = self._room
        for line in frame.split("\n"):
            if not line or line == "\r":
                continue
            try:
                message = parse(line.rstrip("\r"))
            except IrcError:
                room.counters["line_malformed"] += 1
                continue
            if message.command == "PRIVMSG":
                if self.state is not State.JOINED and room.concerns(message):  # a server of few words
                    events += self._joined()
                chat_line = room.line(message, now)
                if chat_line is not None:
                    events.append(chat_line)
            else:
                events += self._handle(message, now)
        return events

    def receive_binary(self, now: float) -> None:
        """Twitch speaks text only: a binary frame shows that the link lives, and is dropped."""
        self._heard(now)
        self._room.counters["binary_frame"] += 1

    def say(self, line: str) -> bool:
        """Puts a line of the voice among those to send. Not outside the room, nor while too many wait."""
        if self.state not in (State.JOINED, State.LEAVING) or len(self._lines) >= MOST_UNSENT:
            return False
        self._lines.append(line)
        return True

    @property
    def to_do(self) -> bool:
        """Whether there are lines to send, or an end to act upon."""
        return bool(self._lines) or self.end is not None

    def lines_to_send(self) -> list[str]:
        """What to send, one line per text frame; each is given out once."""
        lines, self._lines = self._lines, []
        return lines

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, None for never."""
        return min(self._deadlines.values(), default=None)

    def handle_timeout(self, now: float) -> list[ChatEvent]:
        """Does what is due."""
        events: list[ChatEvent] = []
        for deadline in [deadline for deadline, at_ms in self._deadlines.items() if at_ms <= now]:
            if self._deadlines.pop(deadline, None) is not None:
                events += self._expiries[deadline](now)
        return events

    def _handle(self, message: Message, now: float) -> list[ChatEvent]:
        events: list[ChatEvent] = []
        if message.command in _PROOFS_OF_JOIN and self._room.concerns(message):
            events += self._joined()
        events += self._room.events(message, now)
        if self._voice is not None and self._room.concerns(message):
            self._voice.hear(message)
        answer = self._answers.get(message.command)
        if answer is not None and not self.over:
            events += answer(message, now)
        return events

    # What the server says

    def _ping(self, message: Message, now: float) -> list[ChatEvent]:
        pong = f"PONG :{message.params[-1]}" if message.params else "PONG"
        if self._lines and self._lines[-1].startswith("PONG"):  # one answer a frame, however often it asks
            self._lines.pop()
        self._lines.append(pong)
        return []

    def _reconnect(self, message: Message, now: float) -> list[ChatEvent]:
        if self.state is not State.LEAVING:
            self.state = State.LEAVING
            self.end = End("Twitch asks its clients to reconnect", Wait.AT_ONCE)
            self._deadlines.pop(_Deadline.JOIN, None)
            self._deadlines[_Deadline.FAREWELL] = now + FAREWELL_MS
        return []

    def _notice(self, message: Message, now: float) -> list[ChatEvent]:
        text = message.params[-1] if message.params else ""
        if text in _LOGIN_REFUSALS:
            fault = f"the token is wrong, has expired, or is not {self._login.nick}'s"
            self._finish(f"Twitch refuses the login ({text}): {fault}", Wait.SLOWLY)
        elif read_tags(message.tags).get("msg-id") in _ROOM_REFUSALS:
            self._join_later(now)
            return self._say(False, f"Twitch does not show the chat of #{self._room.channel}: {text}")
        return []

    def _part(self, message: Message, now: float) -> list[ChatEvent]:
        """We are out of the room, or another connection of ours is: asking again tells which."""
        if self.state is State.JOINED and message.login == self._login.nick and self._room.concerns(message):
            self.state = State.JOINING
            self._join(now, JOIN_ANSWER_MS)
        return []

    def _joined(self) -> list[ChatEvent]:
        if self.state not in (State.JOINING, State.UNANSWERED):
            return []
        self.state = State.JOINED
        self._deadlines.pop(_Deadline.JOIN, None)
        return self._say(True, f"Reading the chat of #{self._room.channel}.")

    # What the server fails to say

    def _quiet(self, now: float) -> list[ChatEvent]:
        self._lines.append("PING :crowdpad")
        self._deadlines[_Deadline.PONG] = now + PONG_MS
        return []

    def _no_pong(self, now: float) -> list[ChatEvent]:
        self._finish("Twitch has gone silent", Wait.BACK_OFF)
        return []

    def _no_answer(self, now: float) -> list[ChatEvent]:
        self._join(now, JOIN_AGAIN_MS)
        if self.state is State.UNANSWERED:
            return []
        self.state = State.UNANSWERED
        doubt = "it may be misspelt, or no such channel exists"
        return self._say(False, f"Nobody answers for #{self._room.channel}: {doubt}. Still trying.")

    def _farewell(self, now: float) -> list[ChatEvent]:
        self._finish("it had its time after RECONNECT", Wait.AT_ONCE)
        return []

    # Helpers

    def _heard(self, now: float) -> None:
        if not self.over:
            self._deadlines[_Deadline.QUIET] = now + QUIET_MS
            self._deadlines.pop(_Deadline.PONG, None)

    def _say(self, up: bool, text: str) -> list[ChatEvent]:
        """A sentence for the streamer, once."""
        if self._said == text:
            return []
        self._said = text
        return [SourceState(up, text)]

    def _join(self, now: float, wait_ms: float) -> None:
        self._lines.append(f"JOIN #{self._room.channel}")
        self._deadlines[_Deadline.JOIN] = now + wait_ms

    def _join_later(self, now: float) -> None:
        """The sentence has been said: from here on it is asked quietly until somebody answers."""
        if self.state is not State.LEAVING:
            self.state = State.UNANSWERED
            self._deadlines[_Deadline.JOIN] = now + JOIN_AGAIN_MS

    def _finish(self, because: str, wait: Wait) -> None:
        self.state = State.OVER
        self._deadlines.clear()
        if self.end is None:
            self.end = End(because, wait)
