"""A crowd: each viewer a real IRC client on a WebSocket of their own, as a browser's chat is."""

from __future__ import annotations

import asyncio
from collections import Counter

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.world.viewers import Typist, viewer_names


class Crowd:
    """So many viewers who together type about `lines_per_second`. `run` them until they have had enough.

    counters  lines said, and viewers whose connection ended
    """

    def __init__(self, url: str, channel: str, viewers: int, lines_per_second: float, seed: int) -> None:
        self._url = url
        self._channel = channel
        self._each_per_second = lines_per_second / max(viewers, 1)
        self._names = viewer_names(viewers, seed)
        self._seed = seed
        self.counters: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled, or until the chat server has ended every connection."""
        async with asyncio.TaskGroup() as viewers:
            for place, name in enumerate(self._names):
                typist = Typist(self._seed * 1000 + place)
                viewers.create_task(self._viewer(name, typist), name=f"viewer {name}")

    async def _viewer(self, name: str, typist: Typist) -> None:
        async with connect(self._url, compression=None, close_timeout=0.2, proxy=None) as socket:
            reader = asyncio.create_task(_read(socket))
            try:
                await socket.send(f"PASS oauth:local\r\nNICK {name}\r\nJOIN #{self._channel}\r\n")
                while True:
                    await asyncio.sleep(typist.pause_s(self._each_per_second))
                    await socket.send(f"PRIVMSG #{self._channel} :{typist.line()}\r\n")
                    self.counters["lines"] += 1
            except ConnectionClosed:
                self.counters["connection_ended"] += 1
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)


async def _read(socket: ClientConnection) -> None:
    """Takes what the chat says, so that the server's buffers stay empty, and answers its PINGs."""
    try:
        async for message in socket:
            text = message if isinstance(message, str) else ""
            if text.startswith("PING"):
                await socket.send(text.replace("PING", "PONG", 1))
    except ConnectionClosed:
        return
