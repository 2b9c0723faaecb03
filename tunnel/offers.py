"""When the initiator offers a handshake: at once when it is needed, then ever more patiently, and to renew
keys.

An offer into a room where the other end is not yet is lost, and the next one may be seconds away. So the
responder knocks on every path it comes up on while it does not hear us, and a knock brings the next offer.
It is not sealed: all it can do is bring an offer forward, and each path can do that only so often.
"""

from __future__ import annotations

from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.channel import REKEY_AFTER_MS
from tunnel.envelope import DatagramError, Header, Type
from tunnel.handshake import Established, Initiator
from tunnel.timing import Timing

# Several paths come up within moments of each other; one offer on all of them is enough.
_SHORTEST_GAP_MS: Final = 100.0
_GROWTH: Final = 1.5
# The same for knocks, which come because the last offer was lost: several paths' knocks, but no more.
_KNOCK_GAP_MS: Final = 20.0
# What one path may cause: a program that restarts knocks once; a relay that repeats knocks gains nothing.
_KNOCKS_PER_SECOND: Final = 1.0
_KNOCK_BURST: Final = 3.0
_HELLO_SIZE: Final = 130

KNOCK: Final = Header(Type.KNOCK, 0, 0).pack().ljust(_HELLO_SIZE, b"\0")


class Offers:
    """The initiator, and its patience. `now` in milliseconds."""

    def __init__(self, initiator: Initiator, timing: Timing) -> None:
        self._initiator = initiator
        self._timing = timing
        self._wait = timing.offer_first
        self._last = float("-inf")
        self._knocks: dict[int, TokenBucket] = {}
        self.next_timeout = float("inf")

    def make(self, now: float) -> bytes:
        """A HELLO for every path that is up; the next one is due if nobody answers this."""
        self._last = now
        self.next_timeout = now + self._wait
        self._wait = min(self._wait * _GROWTH, self._timing.offer_longest)
        return self._initiator.offer(now)

    def hurry(self, now: float) -> None:
        """Something changed for the worse, or a new path came up: do not wait for the timer."""
        self._wait = self._timing.offer_first
        self._offer_by(max(now, self._last + _SHORTEST_GAP_MS))

    def knocked(self, datagram: bytes, path: int, now: float) -> None:
        """The other end says that it has come up on this path and does not hear us. Raises DatagramError."""
        if datagram != KNOCK:
            raise DatagramError("knock")
        if path not in self._knocks:
            self._knocks[path] = TokenBucket(_KNOCKS_PER_SECOND, _KNOCK_BURST)
        if not self._knocks[path].take(now):
            raise DatagramError("too many knocks")
        self._wait = self._timing.offer_first
        self._offer_by(max(now, self._last + _KNOCK_GAP_MS))

    def answered(self, header: Header, datagram: bytes, path: int, now: float) -> Established:
        """The WELCOME came; the keys are renewed in two minutes. Raises DatagramError if it is none."""
        established = self._initiator.welcome(header, datagram, path, now)
        self._wait = self._timing.offer_first
        self.next_timeout = now + REKEY_AFTER_MS
        return established

    def _offer_by(self, moment: float) -> None:
        self.next_timeout = min(self.next_timeout, moment)
