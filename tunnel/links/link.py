"""The one small protocol every kind of path speaks, as the endpoint sees it.

A new transport is one new file beside this one and one line where the endpoint chooses by URL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

# RFC 8200 promises every path 1,280 bytes; UDP and IPv6 headers leave 1,232, and some tunnels take a little.
MAX_DATAGRAM: Final = 1_200


class LinkError(Exception):
    """The link is down. The text is one sentence for a person.

    refused  the other side does not want us: trying again soon will not help
    unheard  bytes that came over it and were never handed to `on_datagram`: they were paid for all the same
    """

    def __init__(self, text: str, *, refused: bool = False, unheard: int = 0) -> None:
        super().__init__(text)
        self.refused = refused
        self.unheard = unheard


class Link(Protocol):
    """One path that may carry datagrams. It keeps no promise but this: what arrives was not cut or joined.

    Law of use: `run` once at a time; `send` at any time; `close` or cancelling `run` ends it.
    """

    counters: Counter[str]

    @property
    def name(self) -> str:
        """What people call it: what it says of itself, or its address until then."""

    async def run(self, on_up: Callable[[], None], on_datagram: Callable[[bytes], None]) -> None:
        """Connects and stays connected. Calls `on_up` once, then `on_datagram` for whatever arrives.

        Both are called on the loop and must not wait or raise. Ends only by raising: LinkError, or the
        cancellation of the caller.
        """

    def send(self, datagram: bytes) -> None:
        """Never waits and promises nothing: what cannot leave soon gives way to what comes later, counted.

        Raises ValueError for a datagram of more than 1,200 bytes: that is our mistake, not the path's.
        """

    def close(self) -> None:
        """Makes `run` end with a LinkError. Harmless to repeat, and on a link that is not up."""
