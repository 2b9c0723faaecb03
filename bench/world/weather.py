"""Bad weather before a relay: a real forwarder on loopback that delays, and loses, what passes it.

A client connects here, the forwarder connects to the relay, and messages go both ways in order. Only
datagrams (binary messages) are lost: texts are the login, which on a real line TCP would bring in the end.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake

# A line's own buffer. At 40 ms of delay this is 25,000 messages a second; what is over is lost.
MOST_UNDER_WAY: Final = 1_024

_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Climate:
    """Each way: delay plus or minus jitter, in milliseconds, and the share of datagrams that is lost."""

    delay_ms: float
    jitter_ms: float
    loss: float


# From a near data centre to a far one over a tired line.
CLIMATES: Final = (
    Climate(6, 1, 0.0),
    Climate(14, 4, 0.01),
    Climate(22, 9, 0.02),
    Climate(38, 16, 0.05),
    Climate(60, 30, 0.10),
)


class Weather:
    """One forwarder. `start` it towards a relay, `stop` it; again and again, always on its first port."""

    def __init__(self, climate: Climate, seed: int) -> None:
        self._climate = climate
        self._random = random.Random(seed)
        self._server: Server | None = None
        self._target = ""
        self.port = 0

    async def start(self, target: str) -> None:
        """Forwards to the relay at `target` from now on. Raises OSError."""
        self._target = target
        self._server = await serve(
            self._forward, "127.0.0.1", self.port, compression=None, close_timeout=0.2, logger=_silent
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Every connection dies. Harmless to repeat."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _forward(self, near: ServerConnection) -> None:
        try:
            async with connect(self._target, compression=None, close_timeout=0.2, proxy=None) as far:
                ways = [asyncio.create_task(self._way(near, far)), asyncio.create_task(self._way(far, near))]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, InvalidHandshake, ConnectionClosed):
            return  # no relay behind us: the client sees its connection close

    async def _way(self, source: Connection, sink: Connection) -> None:
        """One direction. Order is kept: what is held up holds up what follows, as TCP does."""
        under_way: deque[tuple[float, str | bytes]] = deque(maxlen=MOST_UNDER_WAY)
        arrived = asyncio.Event()
        sender = asyncio.create_task(_send_when_due(under_way, arrived, sink))
        loop = asyncio.get_running_loop()
        climate = self._climate
        try:
            async for message in source:
                if isinstance(message, bytes) and self._random.random() < climate.loss:
                    continue
                jitter = self._random.uniform(-climate.jitter_ms, climate.jitter_ms)
                under_way.append((loop.time() + (climate.delay_ms + jitter) / 1000, message))
                arrived.set()
        except ConnectionClosed:
            return
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)


async def _send_when_due(
    under_way: deque[tuple[float, str | bytes]], arrived: asyncio.Event, sink: Connection
) -> None:
    loop = asyncio.get_running_loop()
    try:
        while True:
            while not under_way:
                arrived.clear()
                await arrived.wait()
            due, message = under_way.popleft()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await sink.send(message)
    except ConnectionClosed:
        return
