"""One connection to the gateway: a relay's, that also says at once when the other side says goodbye."""

from __future__ import annotations

from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from tunnel.relay.connection import RelayConnection


class GatewayConnection(RelayConnection):
    """The library tells of a close when the TCP connection is gone: a client that reads no more delays that.

    What such a client holds must not wait for it.
    """

    on_goodbye: Callable[[], None] | None = None

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE and self.on_goodbye is not None:
            self.on_goodbye()
        super().process_event(event)
