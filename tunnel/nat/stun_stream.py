"""STUN messages out of a byte stream (RFC 8489, 6.2.2): only the length in their header frames them. Pure."""

from __future__ import annotations

from tunnel.nat.stun import HEADER, LONGEST, StunError, is_stun


class StunStream:
    """The Binding messages in what one connection brings, in whatever pieces it comes.

    After each `feed`, call `take` until it returns None; then less than one message waits here.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> None:
        """What has just come."""
        self._waiting += data

    def take(self) -> bytes | None:
        """The next whole message; None if it has not all come yet.

        Raises StunError if what comes is no Binding message, or one longer than any of ours. A stream has
        no place to go on from after that: end the connection.
        """
        if len(self._waiting) < HEADER:
            return None
        header = bytes(self._waiting[:HEADER])
        size = HEADER + int.from_bytes(header[2:4], "big")
        if not is_stun(header) or size > LONGEST:
            raise StunError("what comes here is no STUN Binding message, or too long a one")
        if len(self._waiting) < size:
            return None
        message = bytes(self._waiting[:size])
        del self._waiting[:size]
        return message
