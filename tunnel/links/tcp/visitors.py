"""How often strangers may connect: each has a share of its own, by where it comes from. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.relay.door import origin

# The other end at an address that its offer does not name dials each of ours five times in a round of 3 s.
_PER_SECOND: Final = 4.0
_BURST: Final = 20.0
# All strangers together: each costs us a tenth of a millisecond before it is told to wait (tcp_lobby.py).
_ALL_PER_SECOND: Final = 100.0
_ALL_BURST: Final = 200.0
_ORIGINS: Final = (
    256  # remembered; one that is forgotten begins with a full share, which the limit for all bounds
)


class Visitors:
    """`now` in milliseconds."""

    def __init__(self) -> None:
        self._shares: OrderedDict[str, TokenBucket] = OrderedDict()
        self._all = TokenBucket(_ALL_PER_SECOND, _ALL_BURST)

    def __len__(self) -> int:
        """How many origins are remembered."""
        return len(self._shares)

    def may_enter(self, host: str, now: float) -> bool:
        """Whether one more connection from this address may."""
        name = origin(host)
        share = self._shares.pop(name, None) or TokenBucket(_PER_SECOND, _BURST)
        self._shares[name] = share
        if len(self._shares) > _ORIGINS:
            self._shares.popitem(last=False)
        return share.take(now) and self._all.take(now)
