"""A chat server on this machine that speaks Twitch's IRC over WebSocket, its warts included.

What it does as Twitch does: a channel that does not exist gets no answer at all; lines of members go to
everybody else in the channel and never back to their author; a line may be sent without having joined; what
is written too fast is not shown; an answer to a line carries that line and begins with its author's name;
tags, commands and membership come only to whoever asked for them; a wrong token gets a NOTICE and is
disconnected.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from bench.world import twitch_lines as lines
from bench.world.twitch_commands import Commands
from bench.world.twitch_hall import Hall, Member
from config.levels import Level
from tunnel.wallclock import WallClock

_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)

# Twitch asks about every five minutes, and wants an answer before the next time.
PING_EVERY_MS = 300_000.0
MAX_FRAME_FROM_MEMBER = 1 << 16
CLOSE_SECONDS = 0.4


class LocalTwitch:
    """The server. `start`, script it with the methods below, `stop`.

    channels  those that exist
    tokens    the valid ones without `oauth:`; None accepts every one that has the right form
    limited   whether accounts may write only as fast as on Twitch; a crowd that is to load the bot may not
    """

    def __init__(
        self,
        channels: Iterable[str] = ("crowdpad",),
        *,
        tokens: frozenset[str] | None = None,
        limited: bool = False,
        ping_every_ms: float = PING_EVERY_MS,
        clock: WallClock | None = None,
    ) -> None:
        self._hall = Hall(channels, clock or WallClock())
        self._commands = Commands(self._hall, tokens, limited=limited)
        self._ping_every_ms = ping_every_ms
        self._server: Server | None = None
        self._pinger: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> None:
        """Listens on loopback; port 0 takes a free one."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            port,
            compression=None,
            max_size=MAX_FRAME_FROM_MEMBER,
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            logger=_library_log,
        )
        self._pinger = asyncio.create_task(self._ask_for_life())

    async def stop(self) -> None:
        """Closes every connection and forgets everybody."""
        if self._pinger is not None:
            self._pinger.cancel()
            await asyncio.gather(self._pinger, return_exceptions=True)
        await self._hall.empty()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def counters(self) -> Counter[str]:
        """What members sent, and what of it was nonsense."""
        return self._hall.counters

    @property
    def members(self) -> frozenset[Member]:
        """Everybody connected at this moment."""
        return frozenset(self._hall.members)

    @property
    def levels(self) -> dict[str, Level]:
        """Who is what, by login: change it at will."""
        return self._hall.levels

    @property
    def url(self) -> str:
        """Where clients connect."""
        assert self._server is not None, "start comes first"
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def say(
        self,
        user: str,
        text: str,
        *,
        level: Level = Level.VIEWER,
        id: str | None = None,
        channel: str | None = None,
        **tags: str,
    ) -> str:
        """A line of somebody who has no connection here. Answers its id.

        Further tags as keywords, `source_room_id="77"` for `source-room-id=77`.
        """
        id = id or self._hall.next_id()
        channel = channel or self._hall.channels[0]
        extra = {key.replace("_", "-"): value for key, value in tags.items()}
        self._hall.publish(channel, [self._hall.write(channel, user, text, id=id, level=level, extra=extra)])
        return id

    def say_many(self, said: Iterable[tuple[str, str]], *, channel: str | None = None) -> list[str]:
        """Lines of (user, text), many to a frame. Answers their ids."""
        channel = channel or self._hall.channels[0]
        ids: list[str] = []
        written: list[str] = []
        for user, text in said:
            ids.append(self._hall.next_id())
            written.append(self._hall.write(channel, user, text, id=ids[-1]))
        self._hall.publish(channel, written)
        return ids

    def clear_user(self, user: str, *, seconds: int | None = 600, channel: str | None = None) -> None:
        """A time-out, or a ban where `seconds` is None."""
        channel = channel or self._hall.channels[0]
        self._hall.publish_command(
            channel, lines.clear_user(channel, user, sent_ms=self._hall.now(), seconds=seconds)
        )

    def clear_chat(self, *, channel: str | None = None) -> None:
        """A moderator empties the chat."""
        channel = channel or self._hall.channels[0]
        self._hall.publish_command(channel, lines.clear_chat(channel, sent_ms=self._hall.now()))

    def delete_message(
        self, id: str, *, user: str = "somebody", text: str = "", channel: str | None = None
    ) -> None:
        """A moderator removes one message."""
        channel = channel or self._hall.channels[0]
        line = lines.delete_message(channel, user, text, id=id, sent_ms=self._hall.now())
        self._hall.publish_command(channel, line)

    def ask_reconnect(self, *, close_after_ms: float = 5_000.0) -> None:
        """RECONNECT to everybody; whoever is still here a while later is disconnected."""
        asked = [member for member in self._hall.members if "commands" in member.capabilities]
        self._hall.send(asked, f":{lines.SERVER} RECONNECT")
        self._hall.say_goodbye(asked, close_after_ms)

    def go_silent(self, silent: bool = True) -> None:
        """Connections stay open and nothing is said or answered any more, as on a line that went dead."""
        self._hall.silent = silent

    def drop_all(self) -> None:
        """Every connection breaks, without a word."""
        for member in self._hall.members:
            member.socket.transport.abort()

    def raw(self, data: str | bytes, *, binary: bool = False) -> None:
        """One frame to everybody, exactly so: bytes in a text frame need not be UTF-8."""
        broadcast([member.socket for member in self._hall.members], data, text=not binary)

    async def joined(self, count: int = 1, *, channel: str | None = None) -> None:
        """Waits until this many members are in the channel."""
        await self._hall.joined(channel or self._hall.channels[0], count)

    async def _serve(self, socket: ServerConnection) -> None:
        member = Member(socket)
        self._hall.members.add(member)
        try:
            async for frame in socket:
                if isinstance(frame, bytes):
                    self.counters["binary_frame"] += 1
                elif not self._hall.silent:
                    self._commands.receive(member, frame)
        except ConnectionClosed:
            pass  # however it went, the member is gone
        finally:
            self._hall.members.discard(member)
            for channel in sorted(member.channels):
                self._hall.leave(member, channel)

    async def _ask_for_life(self) -> None:
        while True:
            await asyncio.sleep(self._ping_every_ms / 1000)
            for member in self.members:
                if member.owes_pong:
                    member.socket.transport.abort()
                member.owes_pong = True
            self._hall.send(self.members, f"PING :{lines.SERVER}")
