"""A crowd: each viewer a real IRC client on a WebSocket of their own, as a browser's chat is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.world.habits import ANARCHY, Habits
from bench.world.viewers import Typist, viewer_names

# Somebody whose turn it is makes the most of it, within the bot's usual 2 a second.
PLAYER_PER_SECOND: Final = 1.2
# How often the others look whether it is theirs.
LOOK_EVERY_S: Final = 0.5


class Crowd:
    """So many viewers who together type about `lines_per_second`. `run` them until they have had enough.

    player    whose turn it is, by what the page shows; None where nobody has turns
    counters  lines said, and viewers whose connection ended
    """

    def __init__(
        self,
        url: str,
        channel: str,
        viewers: int,
        lines_per_second: float,
        seed: int,
        typed: Habits = ANARCHY,
        player: Callable[[], str] | None = None,
    ) -> None:
        self._url = url
        self._channel = channel
        self._each_per_second = lines_per_second / max(viewers, 1)
        self._names = viewer_names(viewers, seed)
        self._seed = seed
        self._typed = typed
        self._player = player
        self.counters: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled, or until the chat server has ended every connection."""
        async with asyncio.TaskGroup() as viewers:
            for place, name in enumerate(self._names):
                typist = Typist(self._seed * 1000 + place, self._typed)
                viewers.create_task(self._viewer(name, typist), name=f"viewer {name}")

    async def _viewer(self, name: str, typist: Typist) -> None:
        async with connect(self._url, compression=None, close_timeout=0.2, proxy=None) as socket:
            reader = asyncio.create_task(_read(socket))
            try:
                await socket.send(f"PASS oauth:local\r\nNICK {name}\r\nJOIN #{self._channel}\r\n")
                while True:
                    plays = await self._pause(name, typist)
                    text = typist.input() if plays else typist.line()
                    await socket.send(f"PRIVMSG #{self._channel} :{text}\r\n")
                    self.counters["lines"] += 1
            except ConnectionClosed:
                self.counters["connection_ended"] += 1
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _pause(self, name: str, typist: Typist) -> bool:
        """Until this viewer types again. Whether it is their turn."""
        if self._player is None:
            await asyncio.sleep(typist.pause_s(self._each_per_second))
            return False
        while True:
            plays = self._player() == name
            pause_s = typist.pause_s(PLAYER_PER_SECOND if plays else self._each_per_second)
            if pause_s <= LOOK_EVERY_S:
                await asyncio.sleep(pause_s)
                return plays
            await asyncio.sleep(LOOK_EVERY_S)  # an exponential pause does not know how long it has lasted


async def _read(socket: ClientConnection) -> None:
    """Takes what the chat says, so that the server's buffers stay empty, and answers its PINGs."""
    try:
        async for message in socket:
            text = message if isinstance(message, str) else ""
            if text.startswith("PING"):
                await socket.send(text.replace("PING", "PONG", 1))
    except ConnectionClosed:
        return
