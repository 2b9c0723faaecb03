"""Signatures that have come and are not yet checked.

The seal alone proves to the receiver that the sender it pinned wrote a datagram. The signature inside proves
it to everybody else. Checking one takes longer than all the rest of a datagram, so an input is played first
and its signature checked before anything leaves again: no receipt ever answers a signature that does not
hold.
"""

from __future__ import annotations

from tunnel.channel import Channel
from tunnel.identity import SIGNATURE_SIZE, PublicKey


class Evidence:
    """Bounded by what one turn of the loop receives: it is emptied at the end of each."""

    def __init__(self, signer: PublicKey) -> None:
        self._signer = signer
        self._waiting: list[tuple[Channel, bytes, bytes]] = []

    def keep(self, channel: Channel, datagram: bytes, content: bytes) -> bytes:
        """The content without its signature, which will be checked."""
        self._waiting.append((channel, datagram, content))
        return content[:-SIGNATURE_SIZE]

    def holds(self) -> bool:
        """Whether every signature kept since the last call is the signer's."""
        waiting, self._waiting = self._waiting, []
        return all(
            channel.is_signed(datagram, content, self._signer) for channel, datagram, content in waiting
        )
