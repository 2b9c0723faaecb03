"""Sends over one WebSocket without ever waiting: at once, or parked, or instead of the oldest parked."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from websockets.asyncio.connection import broadcast

from tunnel.links.fast import FastConnection

# DERP's figure, and the relays'. More would only deliver what is stale: newer datagrams repeat older ones.
PARKED: Final = 32


class Sender:
    """What leaves over one connection. It takes the connection's `on_writable` for itself."""

    def __init__(self, connection: FastConnection, counters: Counter[str]) -> None:
        self._connection = connection
        self._counters = counters
        self._parked: deque[bytes] = deque(maxlen=PARKED)
        connection.on_writable = self._drain

    def send(self, datagram: bytes) -> None:
        """Writes it now if the buffer has room, else keeps it; the oldest kept gives way, counted."""
        if self._connection.paused:
            if len(self._parked) == PARKED:
                self._counters["dropped_queue"] += 1
            self._parked.append(datagram)
        else:
            broadcast((self._connection,), datagram)
            self._counters["sent"] += 1

    def _drain(self) -> None:
        while self._parked and not self._connection.paused:
            self.send(self._parked.popleft())
