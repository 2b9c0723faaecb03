"""A vote in time: when a window begins and ends, and whether enough took part. Pure.

- A window begins with its first vote, and its length is fixed then: between `shortest_ms` and `window_ms`, in
  proportion to how many take part against `full_at`. What the screen says once, it keeps to.
- When everybody who takes part has voted, the window ends as soon as it is `shortest_ms` old: there is nobody
  left to wait for, and until then somebody new may still join in.
- It does not end before the pads are free for what it brings.
- A result counts if a `quorum_share` of those who take part voted, at least one. If not, the votes are void
  rather than carried over: they were for a picture that is gone.
- When every vote has been taken back there is no window any more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from bot.modes.ballot import Ballot, Standing
from bot.modes.electorate import ACTIVE_MS, Electorate
from bot.modes.mode import Offer


class Result(NamedTuple):
    """How a window ended. `winner` is None where fewer than `quorum` of the voters it takes have voted."""

    winner: Standing | None
    voters: int
    quorum: int


class Poll:
    """One window after another.

    free      when that will be
    counters  where each vote ends up that was not dropped (bot.modes.ballot): `carried` voted for what won,
              `outvoted` for something else, `below_quorum` where too few voted
    """

    def __init__(
        self,
        *,
        window_ms: float,
        shortest_ms: float,
        full_at: int,
        quorum_share: float,
        free: Callable[[], float],
        counters: Counter[str],
    ) -> None:
        self._window_ms = window_ms
        self._shortest_ms = min(shortest_ms, window_ms)
        self._full_at = full_at
        self._quorum_share = quorum_share
        self._free = free
        self._counters = counters
        self.ballot = Ballot(counters)
        # Whoever voted in the present window takes part, however long it is.
        self._electorate = Electorate(max(ACTIVE_MS, 2 * window_ms))
        self._window: _Window | None = None

    def vote(self, offer: Offer, now: float) -> None:
        """Counts a vote, and opens a window with it if none is open."""
        self.expire(now)
        self._electorate.voted(offer.line.user, now)
        self.ballot.vote(offer)
        if self._window is None:
            self._window = _Window(now, self.next_window_ms)

    def remove(self, unwanted: Callable[[Offer], bool]) -> int:
        """Takes back every vote that is `unwanted`, and says how many."""
        removed = self.ballot.remove(unwanted)
        self._close_if_empty()
        return removed

    def gone(self, user: str) -> int:
        """This user takes part no more. Says how many votes that took back."""
        self._electorate.gone(user)
        removed = self.ballot.discard(user)
        self._close_if_empty()
        return removed

    def expire(self, now: float) -> None:
        """Counts no more on whoever has not voted for too long. Harmless at any time."""
        self._electorate.handle_timeout(now)

    def handle_timeout(self, now: float) -> Result | None:
        """The result, if the window ends now."""
        self.expire(now)
        ends = self.ends
        if ends is None or now < ends:
            return None
        voters, quorum, leader = len(self.ballot), self.quorum, self.ballot.leader()
        self.ballot.clear()
        self._window = None
        if leader is None or voters < quorum:
            self._counters["below_quorum"] += voters
            return Result(None, voters, quorum)
        self._counters["carried"] += leader.votes
        self._counters["outvoted"] += voters - leader.votes
        return Result(leader, voters, quorum)

    @property
    def ends(self) -> float | None:
        """When the window ends as things stand; None where there is none."""
        if self._window is None:
            return None
        everybody = len(self.ballot) >= len(self._electorate)
        length_ms = self._shortest_ms if everybody else self._window.length_ms
        return max(self._window.began + length_ms, self._free())

    @property
    def next_window_ms(self) -> float:
        """How long a window lasts that begins now."""
        share = min(1.0, len(self._electorate) / self._full_at)
        return self._shortest_ms + (self._window_ms - self._shortest_ms) * share

    @property
    def quorum(self) -> int:
        """How many must vote for a result to count."""
        # Rounded first, for 0.07 * 100 is 7.000000000000001 and must not become 8.
        return max(1, math.ceil(round(self._quorum_share * len(self._electorate), 9)))

    def _close_if_empty(self) -> None:
        if not self.ballot:
            self._window = None


class _Window(NamedTuple):
    began: float
    length_ms: float
