"""The name of the relay room where two ends meet: tells a relay nothing, changes daily.

Both ends derive it from what only they can compute, the Diffie-Hellman secret of their static keys. The day
is counted on the relay's clock, which both ends are told at login, so nobody's own clock has to be right.
"""

from __future__ import annotations

import hmac
from typing import Final

from tunnel.identity import Identity, PublicKey

ROOM_SIZE: Final = 16
DAY_MS: Final = 86_400_000


class RoomNames:
    """Room names of one pair of ends, the same on either side."""

    def __init__(self, identity: Identity, peer: PublicKey) -> None:
        self._secret = hmac.digest(identity.exchange(peer.bytes), b"crowdpad room", "sha256")

    def __call__(self, relay: str, day: int) -> bytes:
        """Sixteen bytes for the relay of this name on a day, counted since 1970 (its time in ms // DAY_MS).

        Each relay has rooms of its own, so that none learns from us where we meet on the others.
        """
        message = day.to_bytes(8, "little", signed=True) + relay.encode()
        return hmac.digest(self._secret, message, "sha256")[:ROOM_SIZE]
