"""Whose turn it is to be proved, of the connections that are nothing yet. Pure.

Anybody can connect. Few may wait here, and not for long. The end that asks (the WebSocket client) asks one at
a time, the likeliest and best first: the other end uses whatever was proved last, so both mean the same one.
The end that answers lets them all wait for a question.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from tunnel.nat.candidates import Kind, is_ipv6
from tunnel.nat.offer import Offer
from tunnel.nat.stun import Address

MOST_UNPROVED: Final = 8
PROOF_MS: Final = 3_000.0  # a dozen round trips of a bad line
# A proof is one round trip. While others wait, nobody holds them up for longer than a bad one.
_TURN_MS: Final = 1_000.0
# Several addresses often connect at nearly the same time; the best of them is worth so much waiting.
_SETTLE_MS: Final = 50.0


class Likelihood(enum.IntEnum):
    """How likely a connection is the other end's, by where it leads."""

    STRANGER = 0
    HOST = 1  # to a machine that its offer names, but another port
    NAMED = 2  # to an address that its offer names


_OUTER: Final = frozenset((Kind.REFLEXIVE, Kind.MAPPED))


def gives_itself_away(remote: Offer, source: Address) -> bool:
    """Whether the other end would be known by its address, so that an unknown `source` is not the other end.

    The end that asks speaks first, and should not do so to whoever tries all ports of the internet. The other
    end names what it looks like from outside, unless no server has told it, or its router is one of those
    that are full of surprises.
    """
    return not remote.symmetric and any(
        kind in _OUTER and is_ipv6(address) == is_ipv6(source) for kind, address in remote.candidates
    )


@dataclass(slots=True)
class _Unproved:
    likelihood: Likelihood
    priority: int
    since: float
    turn: float | None = None  # since when it is its turn

    @property
    def rank(self) -> tuple[int, int, float]:
        return self.likelihood, self.priority, -self.since


class Turns:
    """`now` in milliseconds; connections are known by a number.

    asks  whether this end asks; else `take_due` never names anybody
    """

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks
        self._unproved: dict[int, _Unproved] = {}

    def __len__(self) -> int:
        return len(self._unproved)

    def arrived(self, id: int, likelihood: Likelihood, priority: int, now: float) -> int | None:
        """One more. Returns the one that has to go for it, perhaps itself: the least likely, the oldest."""
        self._unproved[id] = _Unproved(likelihood, priority, now)
        if len(self._unproved) <= MOST_UNPROVED:
            return None
        goes = min(self._unproved, key=lambda each: (self._key(each), self._unproved[each].since))
        del self._unproved[goes]
        return goes

    def _key(self, id: int) -> tuple[bool, int]:
        one = self._unproved[id]
        return one.turn is not None, one.likelihood

    def gone(self, id: int) -> None:
        """It is closed, or proved. Harmless to repeat."""
        self._unproved.pop(id, None)

    def take_due(self, best: int, now: float) -> int | None:
        """The one to ask now, if it is anybody's turn.

        best  the highest priority among the addresses that may still connect
        """
        waiting = [id for id, one in self._unproved.items() if one.turn is None]
        if not self._asks or not waiting or len(waiting) < len(self._unproved):
            return None
        first = min(self._unproved[id].since for id in waiting)
        chosen = max(waiting, key=lambda id: self._unproved[id].rank)
        if self._unproved[chosen].priority < best and now < first + _SETTLE_MS:
            return None
        self._unproved[chosen].turn = now
        return chosen

    def take_overdue(self, now: float) -> list[int]:
        """Those whose time is over: close them."""
        over = [id for id in self._unproved if now >= self._ends(id)]
        for id in over:
            del self._unproved[id]
        return over

    def next_timeout(self, *, asking: bool) -> float:
        """When one of the two above has something to say; infinity if nobody is here.

        asking  whether `take_due` is called at all
        """
        deadlines = [self._ends(id) for id in self._unproved]
        if self._asks and asking and not any(one.turn is not None for one in self._unproved.values()):
            deadlines += [one.since + _SETTLE_MS for one in self._unproved.values()]
        return min(deadlines, default=float("inf"))

    def _ends(self, id: int) -> float:
        one = self._unproved[id]
        if one.turn is None:
            return one.since + PROOF_MS
        return one.turn + (_TURN_MS if len(self._unproved) > 1 else PROOF_MS)
