"""What democracy and step have in common: inputs are votes, and what wins is played once. Pure.

While the winner plays, the next window may begin, but it does not end before the winner has, and the pad has
been at rest for a gap: the same input may win twice in a row, and is two presses then.

counters  offered = carried (voted for a winner) + outvoted + below_quorum + replaced (by the same viewer's
          next vote) + crowded_out (no room on the ballot) + taken_back + waiting, and what the mode itself
          adds; besides, `chosen` is how many sequences were played
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Final

from bot.grammar import Parsed
from bot.modes.mode import Choice, Offer
from bot.modes.poll import Poll, Result
from bot.sequence import Step
from config.controllers import Controller
from config.views import MOST_LISTED, ModeView

_CHAT: Final = "chat"


class Voting(ABC):
    """A mode in which chat votes. What differs: what a winner plays as, and what viewers are told."""

    name: str
    no_need_to_join: str

    def __init__(
        self,
        controller: Controller,
        *,
        window_ms: float,
        shortest_ms: float,
        full_at: int,
        quorum_share: float,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._poll = Poll(
            window_ms=window_ms,
            shortest_ms=shortest_ms,
            full_at=full_at,
            quorum_share=quorum_share,
            counters=self.counters,
        )
        self._gap_ms = max([controller.gap_ms, *controller.gaps.values()])
        self._plays_until = 0.0
        self._result = ""

    @property
    def waiting(self) -> int:
        """How many votes the present window has."""
        return len(self._poll.ballot)

    def offer(self, offer: Offer, now: float) -> None:
        """Takes it as this viewer's vote."""
        self.counters["offered"] += 1
        self._poll.vote(offer, now)

    def take_back(self, unwanted: Callable[[Offer], bool]) -> int:
        """Drops every vote that is `unwanted`, and says how many."""
        taken = self._poll.remove(unwanted)
        self.counters["taken_back"] += taken
        return taken

    def gone(self, user: str) -> None:
        """This viewer's vote goes, and no quorum counts on them any more."""
        self.counters["taken_back"] += self._poll.gone(user)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """There is nothing to join."""
        return self.no_need_to_join

    def handle_timeout(self, now: float) -> list[Choice]:
        """The winner, if the window ends now and enough have voted."""
        result = self._poll.handle_timeout(now)
        if result is None:
            return []
        self._result = _spoken(result)
        if result.winner is None:
            return []
        parsed, _, since_ms = result.winner
        steps = self._played(parsed)
        choice = Choice(steps, None, _CHAT, parsed.text, since_ms, asked=parsed.moves)
        return [self._choose(choice, now)]

    def next_timeout(self) -> float | None:
        """When the window ends."""
        return self._poll.ends

    def view(self, now: float) -> ModeView:
        """The candidates, the votes, and what won last."""
        self._poll.expire(now)
        ends = self._poll.ends
        left_ms = None if ends is None else max(0.0, ends - now)
        return ModeView(
            mode=self.name,
            headline=self._headline(now),
            ends_in_ms=left_ms,
            candidates=self._poll.ballot.standing(MOST_LISTED),
            voters=len(self._poll.ballot),
            quorum=self._poll.quorum,
            result=self._result,
            delay_ms=self._poll.next_window_ms if left_ms is None else left_ms,
        )

    @abstractmethod
    def _played(self, winner: Parsed) -> tuple[Step, ...]:
        """What is played for it."""

    @abstractmethod
    def _headline(self, now: float) -> str:
        """What goes on."""

    def _choose(self, choice: Choice, now: float) -> Choice:
        """`choice` begins now, and no window ends before it has."""
        self._plays_until = now + choice.steps[-1].at_ms + self._gap_ms
        self._poll.hold(self._plays_until)
        self.counters["chosen"] += 1
        return choice


def _spoken(result: Result) -> str:
    if result.winner is None:
        return f"nothing ({result.voters} voted, {result.quorum} needed)"
    return f"{result.winner.parsed.text} ({result.winner.votes} of {result.voters})"
