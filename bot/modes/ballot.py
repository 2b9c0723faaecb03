"""One vote: who voted for what, and what leads. No time in it. Pure.

Each user has one vote, and the last one counts. Inputs that do the same are one candidate, however they were
typed. Of candidates with equally many votes the one leads that has stood at that number longest: it was ahead
when the other caught up, and nobody who comes late takes a lead away with the vote that only equals it. A
vote that is moved or taken back counts as a new standing too, so there is nothing to gain by moving votes to
and fro. To vote for the same again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.grammar import Parsed
from bot.modes.mode import Offer, shown
from bot.modes.ranks import Ranks
from config.views import Candidate

# More than the largest channels see vote at once. About 60 MB if it ever comes to that.
MOST_VOTERS: Final = 100_000
# Crowds name a few dozen. At worst (64 frames each) 20 MB; who brings one more may still vote for the others.
MOST_CANDIDATES: Final = 2_000


class Standing(NamedTuple):
    """A candidate: what it would play, its votes, and when the first line that asked for it arrived."""

    parsed: Parsed
    votes: int
    since_ms: float


class Ballot:
    """The votes of one window. Its length is how many users have voted.

    counters  where votes are counted that came to nothing: `replaced` by the same user's next vote, or
              `crowded_out` because there was no room for another voter or candidate
    """

    def __init__(
        self,
        counters: Counter[str],
        *,
        most_voters: int = MOST_VOTERS,
        most_candidates: int = MOST_CANDIDATES,
    ) -> None:
        self._counters = counters
        self._most_voters = most_voters
        self._most_candidates = most_candidates
        self._votes: dict[str, _Vote] = {}
        self._candidates: dict[Parsed, _Candidate] = {}
        self._ranks = Ranks[_Candidate]()

    def __len__(self) -> int:
        return len(self._votes)

    def vote(self, offer: Offer) -> None:
        """Counts it, in place of an earlier vote of the same user."""
        line, parsed = offer
        earlier = self._votes.get(line.user)
        candidate = self._candidates.get(parsed)
        if not self._has_room(earlier, candidate):
            self._counters["crowded_out"] += 1
            return
        if earlier is not None:
            self._counters["replaced"] += 1
            if earlier.candidate is candidate:
                self._votes[line.user] = _Vote(offer, candidate)
                return
            self._drop(line.user)
        if candidate is None:
            candidate = self._candidates[parsed] = _Candidate(parsed, line.arrived_ms)
        self._votes[line.user] = _Vote(offer, candidate)
        self._ranks.up(candidate)

    def remove(self, unwanted: Callable[[Offer], bool]) -> int:
        """Takes back every vote that is `unwanted`, and says how many."""
        users = [user for user, vote in self._votes.items() if unwanted(vote.offer)]
        for user in users:
            self._drop(user)
        return len(users)

    def discard(self, user: str) -> int:
        """Takes back this user's vote, and says how many that were."""
        if user not in self._votes:
            return 0
        self._drop(user)
        return 1

    def leader(self) -> Standing | None:
        """What has the most votes; None before the first vote."""
        candidate = self._ranks.first()
        if candidate is None:
            return None
        return Standing(candidate.parsed, self._ranks[candidate], candidate.since_ms)

    def leading(self, most: int) -> tuple[Candidate, ...]:
        """The leading candidates, in order, at most so many."""
        return tuple(
            Candidate(shown(candidate.parsed), votes) for candidate, votes in self._ranks.leading(most)
        )

    def clear(self) -> None:
        """The next window begins with nothing."""
        self._votes.clear()
        self._candidates.clear()
        self._ranks.clear()

    def _has_room(self, earlier: _Vote | None, candidate: _Candidate | None) -> bool:
        if candidate is None and len(self._candidates) >= self._most_candidates:
            return False
        return earlier is not None or len(self._votes) < self._most_voters

    def _drop(self, user: str) -> None:
        candidate = self._votes.pop(user).candidate
        self._ranks.down(candidate)
        if not self._ranks[candidate]:
            del self._candidates[candidate.parsed]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """Compared by identity: hashing what it would play, step by step, is done once per vote."""

    parsed: Parsed
    since_ms: float


class _Vote(NamedTuple):
    offer: Offer
    candidate: _Candidate
