"""When the initiator offers a handshake: at once when it is needed, then ever more patiently, and to renew
keys.
"""

from __future__ import annotations

from typing import Final

from tunnel.channel import REKEY_AFTER_MS
from tunnel.envelope import Header
from tunnel.handshake import Established, Initiator
from tunnel.timing import Timing

# Several paths come up within moments of each other; one offer on all of them is enough.
_SHORTEST_GAP_MS: Final = 100.0
_GROWTH: Final = 1.5


class Offers:
    """The initiator, and its patience. `now` in milliseconds."""

    def __init__(self, initiator: Initiator, timing: Timing) -> None:
        self._initiator = initiator
        self._timing = timing
        self._wait = timing.offer_first
        self._last = float("-inf")
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
        self.next_timeout = min(self.next_timeout, max(now, self._last + _SHORTEST_GAP_MS))

    def answered(self, header: Header, datagram: bytes, path: int, now: float) -> Established:
        """The WELCOME came; the keys are renewed in two minutes. Raises DatagramError if it is none."""
        established = self._initiator.welcome(header, datagram, path, now)
        self._wait = self._timing.offer_first
        self.next_timeout = now + REKEY_AFTER_MS
        return established
