"""Who is connected to the local chat server, and what is sent to whom. Sending never waits."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, broadcast

from bench.world import twitch_lines as lines
from config.levels import Level
from tunnel.wallclock import WallClock

# About 55 kB: Twitch puts several lines into a frame, too.
LINES_PER_FRAME = 128
# A member that has left this much unread is disconnected, as Twitch does with slow readers.
MAX_UNREAD_BYTES = 1 << 24
# Lines that can still be answered. More have scrolled away while somebody typed an answer.
REMEMBERED_LINES = 4_096


@dataclass(eq=False, slots=True)
class Member:
    """One connection, whoever it is."""

    socket: ServerConnection
    capabilities: set[str] = field(default_factory=set)
    token: str | None = None
    nick: str | None = None
    channels: set[str] = field(default_factory=set)
    owes_pong: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether it may only read."""
        return self.nick is None or self.nick.startswith("justinfan")


class Hall:
    """The members of all channels.

    channels  those that exist
    levels     who is what, by login; the owner of a channel is its broadcaster anyway
    silent    nothing is sent while this is set
    """

    def __init__(self, channels: Iterable[str], clock: WallClock) -> None:
        self.channels = tuple(channel.lower() for channel in channels)
        self.members: set[Member] = set()
        self.levels: dict[str, Level] = {}
        self.counters: Counter[str] = Counter()
        self.silent = False
        self._authors: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._clock = clock
        self._ids = itertools.count(1)
        self._changed = asyncio.Event()
        self._goodbyes: set[asyncio.Task[None]] = set()

    def now(self) -> int:
        """What tags call the time."""
        return int(self._clock.now())

    def next_id(self) -> str:
        """In the form of the UUIDs Twitch gives its lines."""
        return f"{next(self._ids):08x}-c0de-4bad-8ace-0123456789ab"

    def level(self, login: str, channel: str) -> Level:
        """What somebody is in a channel."""
        return Level.BROADCASTER if login == channel else self.levels.get(login, Level.VIEWER)

    def write(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        id: str,
        level: Level = Level.VIEWER,
        extra: Mapping[str, str] | None = None,
    ) -> str:
        """A chat line of this moment."""
        self._authors[id] = (user, text)
        if len(self._authors) > REMEMBERED_LINES:
            self._authors.popitem(last=False)
        return lines.privmsg(channel, user, text, id=id, sent_ms=self.now(), level=level, extra=extra)

    def answered(self, id: str) -> tuple[str, str] | None:
        """Who wrote the line with this id, and what; None where nobody remembers."""
        return self._authors.get(id)

    async def joined(self, channel: str, count: int) -> None:
        """Waits until this many members are in the channel."""
        while sum(channel in member.channels for member in self.members) < count:
            self._changed.clear()
            await self._changed.wait()

    def enter(self, member: Member, channel: str) -> None:
        """A member is in the channel from now on."""
        self._tell_of(member, channel, "JOIN")
        member.channels.add(channel)
        self._changed.set()

    def leave(self, member: Member, channel: str) -> None:
        """And no longer is."""
        member.channels.discard(channel)
        self._tell_of(member, channel, "PART")
        self._changed.set()

    def say_goodbye(self, members: Iterable[Member], after_ms: float = 0.0) -> None:
        """Closes these connections, in a while."""
        goodbye = asyncio.create_task(_close(list(members), after_ms))
        self._goodbyes.add(goodbye)
        goodbye.add_done_callback(self._goodbyes.discard)

    async def empty(self) -> None:
        """Nobody is said goodbye to any more."""
        goodbyes = list(self._goodbyes)
        for goodbye in goodbyes:
            goodbye.cancel()
        await asyncio.gather(*goodbyes, return_exceptions=True)

    def publish(self, channel: str, written: list[str], *, but: Member | None = None) -> None:
        """To everybody in the channel but the author, with tags for whoever asked for them."""
        here = [member for member in self.members if channel in member.channels and member is not but]
        tagged = [member for member in here if "tags" in member.capabilities]
        plain = [member for member in here if "tags" not in member.capabilities]
        for start in range(0, len(written), LINES_PER_FRAME):
            part = written[start : start + LINES_PER_FRAME]
            if tagged:
                self.send(tagged, "\r\n".join(part))
            if plain:
                self.send(plain, "\r\n".join(map(lines.without_tags, part)))

    def publish_command(self, channel: str, line: str) -> None:
        """What only members hear that asked for commands."""
        for member in self.members:
            if channel in member.channels and "commands" in member.capabilities:
                self.send([member], self.for_member(member, line))

    def for_member(self, member: Member, line: str) -> str:
        """The line with its tags, or without."""
        return line if "tags" in member.capabilities else lines.without_tags(line)

    def send(self, members: Iterable[Member], text: str) -> None:
        """Never waits. One frame, its lines ended as Twitch ends them."""
        if self.silent:
            return
        sockets = []
        for member in members:
            if member.socket.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
                self.counters["slow_reader"] += 1
                member.socket.transport.abort()
            else:
                sockets.append(member.socket)
        broadcast(sockets, text + "\r\n")

    def _tell_of(self, member: Member, channel: str, command: str) -> None:
        others = [
            other
            for other in self.members
            if other is not member and channel in other.channels and "membership" in other.capabilities
        ]
        if others and member.nick is not None:
            self.send(others, lines.membership(channel, member.nick, command))


async def _close(members: list[Member], after_ms: float) -> None:
    await asyncio.sleep(after_ms / 1000)
    await asyncio.gather(*(member.socket.close() for member in members))
