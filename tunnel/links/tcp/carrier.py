"""The proved TCP connection while it carries datagrams: sends without waiting, notices its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from tunnel.bucket import TokenBucket
from tunnel.links.sender import Sender
from tunnel.links.strangers import CLOSE_S
from tunnel.links.tcp.punched import PunchedConnection
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock

_LOOK_S: Final = 1.0  # how often stalls are looked for
_STALLED_MS: Final = 10_000.0  # as on a relay's link
_MOST_PER_SECOND: Final = 20_000  # as on every link


class Carrier:
    """Takes over a proved connection. `address` is where it leads."""

    def __init__(
        self,
        connection: PunchedConnection,
        on_datagram: Callable[[bytes], None],
        counters: Counter[str],
        clock: WallClock,
    ) -> None:
        self._connection = connection
        self._on_datagram = on_datagram
        self._counters = counters
        self._clock = clock
        self._sender = Sender(connection, counters)
        self._flood = TokenBucket(_MOST_PER_SECOND, _MOST_PER_SECOND)
        connection.on_datagram = self._came

    @property
    def address(self) -> Address:
        return self._connection.address

    def send(self, datagram: bytes) -> None:
        """At once, or parked; see Sender."""
        self._sender.send(datagram)

    async def run(self) -> str:
        """Until it ends. Returns why, as a sentence."""
        looking = asyncio.create_task(self._look(), name="stalls")
        try:
            while isinstance(message := await self._connection.recv(), bytes):
                self._came(message)  # it came in fragments
            return "The other end sends what is no datagram."
        except ConnectionClosed as error:
            if error.rcvd is not None and error.rcvd.code in (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY):
                return "The other end has closed the direct connection."
            return "The direct connection broke."
        finally:
            looking.cancel()

    def abort(self) -> None:
        """Ends it now, without a word."""
        self._connection.abort()

    async def leave(self) -> None:
        """Ends it politely if that goes quickly."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._connection.close()
        except TimeoutError:
            pass  # it is cut off below
        finally:
            self._connection.abort()

    def _came(self, datagram: bytes) -> None:
        if self._flood.take(self._clock.now()):
            self._on_datagram(datagram)
        else:
            self._counters["dropped_flood"] += 1

    async def _look(self) -> None:
        """Gives it up if it takes nothing any more."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._connection.stalled(_STALLED_MS, self._clock.now()):
                self._counters["stalled"] += 1
                self._connection.abort()
