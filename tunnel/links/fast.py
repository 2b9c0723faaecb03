"""A WebSocket connection that hands datagrams over the moment they arrive, and never waits to send one.

The library's own way to read is a queue and a task that wakes up for each message, and its way to send is
a coroutine that may wait. Both cost more than everything else a relay does. Here a complete binary message
goes straight from `process_event` to a callback; every other frame (text, fragments, pings) takes the
library's way. `process_event` is the library's hook for what its subclasses do differently, not a documented
one: tests/tunnel/links/test_fast.py notices if it goes.

Sending is the library's `broadcast`, which writes at once. It knows no back-pressure: what is written while
the connection is `paused` piles up in memory, so look first.

Everything but a datagram is rare in our protocol, so everything but a datagram is limited here, before any
queue: pings that want pongs nobody reads, empty fragments, texts. Who sends more is cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from websockets.asyncio.connection import Connection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from tunnel.bucket import TokenBucket
from tunnel.stall import Stall

# Keepalives are one in some seconds, changes of rooms one a day, the login one text.
_RARE_PER_SECOND: Final = 5
_RARE_BURST: Final = 20


class FastConnection(Connection):
    """Mixed into the library's client and server connections, in front of them."""

    on_datagram: Callable[[bytes], None] | None = None  # set: binary messages go there, synchronously
    on_writable: Callable[[], None] | None = None  # called when the write buffer has emptied again
    flooded = False  # it was cut off for sending too much that is no datagram
    _rare: TokenBucket | None = None
    _stall: Stall | None = None

    def stalled(self, limit_ms: float, now: float) -> bool:
        """Whether the other side read nothing of a full buffer for `limit_ms`. Ask about every second."""
        if self._stall is None:
            self._stall = Stall()
        waiting = self.transport.get_write_buffer_size() if self.paused else 0
        return self._stall.idle_ms(waiting, now) >= limit_ms

    def process_event(self, event: Event) -> None:
        """Every frame that arrives passes here, in order, within the call that read it from the socket."""
        if not isinstance(event, Frame):  # the HTTP request or response
            super().process_event(event)
        elif event.opcode is Opcode.BINARY and event.fin and self.on_datagram is not None:
            self.on_datagram(bytes(event.data))
        elif not self._is_flood():
            super().process_event(event)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    def _is_flood(self) -> bool:
        if self._rare is None:
            self._rare = TokenBucket(_RARE_PER_SECOND, _RARE_BURST)
        if not self.flooded and not self._rare.take(self.loop.time() * 1000):
            self.flooded = True
            self.transport.abort()
        return self.flooded
