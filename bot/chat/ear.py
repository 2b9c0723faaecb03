"""A WebSocket connection that hands text over the moment it arrives.

The library's own way is a queue and a task that wakes up for each message, one turn of the loop later. Here a
complete text message goes straight from `process_event` to a callback; whatever else comes (fragments,
binary, text that is none) takes the library's way, which also closes on it where it must. `process_event` is
a hook of the library, not a documented one: tests/bot/chat/test_ear.py notices if it goes.
"""

from __future__ import annotations

from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event


class EarConnection(ClientConnection):
    """For `connect(create_connection=EarConnection)`."""

    on_text: Callable[[str], None] | None = None  # set: text messages go there, synchronously

    def process_event(self, event: Event) -> None:
        """Every frame passes here, in order, within the call that read it from the socket."""
        if (
            self.on_text is not None
            and isinstance(event, Frame)
            and event.opcode is Opcode.TEXT
            and event.fin
        ):
            try:
                text = bytes(event.data).decode()
            except UnicodeDecodeError:
                pass  # the library closes with 1007, as it should
            else:
                self.on_text(text)
                return
        super().process_event(event)
