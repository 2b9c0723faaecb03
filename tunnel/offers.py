"""When the initiator offers a handshake: at once when it is needed, then ever more patiently, and to renew
keys.

An offer into a room where the other end is not yet is lost, and the next one may be seconds away. So the
responder knocks on every path it comes up on while it does not hear us, and a knock brings the next offer.
It is not sealed, so whoever carries a path can repeat it. All it can do is bring an offer forward, and each
path can do that only so often:

    the other end is        a knock brings
    ----------------------  ------------------------------------------------------------------------------
    not heard               the next offer, on every path, at once
    heard, but not lately   an offer on the path that it came on, and on no other
    on that very path
    heard on that path      nothing yet: it waits for that path to fall silent, three seconds at most

A receiver that begins anew says nothing more on the path it knocks on, so that the last row costs it a second
or so. A relay that repeats knocks buys one handshake in ten seconds over itself, by withholding what it
carries; the other paths carry a heartbeat more for each, which is a tenth of what they carry at rest.
"""

from __future__ import annotations

from typing import Final

from tunnel.bucket import TokenBucket
from tunnel.channel import REKEY_AFTER_MS
from tunnel.envelope import DatagramError, Header, Type
from tunnel.handshake import Established, Initiator
from tunnel.path import PathId
from tunnel.pathset import PathSet, Transmit
from tunnel.timing import Timing

# Several paths come up within moments of each other; one offer on all of them is enough.
_SHORTEST_GAP_MS: Final = 100.0
_GROWTH: Final = 1.5
# The same for knocks, which come because the last offer was lost: several paths' knocks, but no more.
_KNOCK_GAP_MS: Final = 20.0
# What one path may cause: a program that restarts knocks once, and a line that fails comes back a few times.
# Who is not heard is offered to every three seconds anyway, so that more would gain nobody much.
_KNOCKS_PER_SECOND: Final = 0.1
_KNOCK_BURST: Final = 3.0
# A path is silent when an idle heartbeat is overdue by a quarter: more than most lines' jitter.
_OVERDUE: Final = 1.25
_HELLO_SIZE: Final = 130

KNOCK: Final = Header(Type.KNOCK, 0, 0).pack().ljust(_HELLO_SIZE, b"\0")


class Offers:
    """The initiator, and its patience. `now` in milliseconds."""

    def __init__(self, initiator: Initiator, timing: Timing, paths: PathSet) -> None:
        self._initiator = initiator
        self._timing = timing
        self._paths = paths
        self._wait = timing.offer_first
        self._last = float("-inf")
        self._next = float("inf")  # when every path gets one
        self._buckets: dict[PathId, TokenBucket] = {}
        self._knocked: dict[PathId, float] = {}  # when, if the other end was heard and was not answered yet

    @property
    def next_timeout(self) -> float:
        """When to call `take`; infinity if nothing is due, or no path is up."""
        if not self._paths.up:
            return float("inf")
        return min(self._next, *map(self._silent_at, self._knocked), float("inf"))

    def take(self, now: float) -> list[Transmit]:
        """The offer that has fallen due, if one has."""
        if not self._paths.up:
            return []
        if now >= self._next:
            return [Transmit(self.make(now), self._paths.up)]
        silent = {id: self._knocked.pop(id) for id in list(self._knocked) if now >= self._silent_at(id)}
        waited = self._timing.idle_silence  # by then nobody needs a knock to notice
        paths = tuple(id for id in self._paths.up if id in silent and now - silent[id] <= waited)
        if not paths:
            return []
        self._last = now
        return [Transmit(self._initiator.offer(now), paths)]

    def make(self, now: float) -> bytes:
        """A HELLO for every path that is up; the next one is due if nobody answers this."""
        self._last = now
        self._next = now + self._wait
        self._wait = min(self._wait * _GROWTH, self._timing.offer_longest)
        self._knocked.clear()
        return self._initiator.offer(now)

    def hurry(self, now: float) -> None:
        """Something changed for the worse, or a new path came up: do not wait for the timer."""
        self._wait = self._timing.offer_first
        self._offer_by(max(now, self._last + _SHORTEST_GAP_MS))

    def knocked(self, datagram: bytes, path: PathId, now: float, *, heard: bool) -> None:
        """The other end says that it has come up on this path and does not hear us. Raises DatagramError.

        heard  whether we hear the other end, on whatever path
        """
        if datagram != KNOCK:
            raise DatagramError("knock")
        if path not in self._buckets:
            self._buckets[path] = TokenBucket(_KNOCKS_PER_SECOND, _KNOCK_BURST)
        if not self._buckets[path].take(now):
            raise DatagramError("too many knocks")
        if heard:
            self._knocked[path] = now
        else:
            self._wait = self._timing.offer_first
            self._offer_by(max(now, self._last + _KNOCK_GAP_MS))

    def answered(self, header: Header, datagram: bytes, path: int, now: float) -> Established:
        """The WELCOME came; the keys are renewed in two minutes. Raises DatagramError if it is none."""
        established = self._initiator.welcome(header, datagram, path, now)
        self._wait = self._timing.offer_first
        self._next = now + REKEY_AFTER_MS
        self._knocked.clear()
        return established

    def _offer_by(self, moment: float) -> None:
        self._next = min(self._next, moment)

    def _silent_at(self, path: PathId) -> float:
        """When this one has been silent long enough to answer a knock on it, unless it is heard before."""
        silent = self._paths.all[path].last_heard + self._timing.idle_heartbeat * _OVERDUE
        return max(silent, self._last + _SHORTEST_GAP_MS)
