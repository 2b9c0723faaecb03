"""What democracy and step have in common: inputs are votes, and what wins is played once. Pure.

While something plays, the next window may begin, but it does not end before all of that has, whoever chose it
(bot.modes.stage), and the pad has been at rest for a gap: the same input may win twice in a row, and is two
presses then.

counters  offered = carried (voted for a winner) + outvoted + below_quorum + replaced (by the same viewer's
          next vote) + crowded_out (no room on the ballot) + taken_back + waiting, and what the mode itself
          adds
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Final

from bot.grammar import Parsed
from bot.modes.mode import Choice, Offer, shown
from bot.modes.poll import Poll, Result
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.sequence import Step
from config.views import MOST_LISTED, ModeView

_CHAT: Final = "chat"


class Voting(ABC):
    """A mode in which chat votes. What differs: what a winner plays as, and what viewers are told."""

    name: str
    no_need_to_join: str

    def __init__(
        self,
        rules: GameRules,
        stage: Stage,
        *,
        window_ms: float,
        shortest_ms: float,
        full_at: int,
        quorum_share: float,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._stage = stage
        self._rules = rules
        self._poll = Poll(
            window_ms=window_ms,
            shortest_ms=shortest_ms,
            full_at=full_at,
            quorum_share=quorum_share,
            free=self._free,
            counters=self.counters,
        )
        self._result = ""

    @property
    def waiting(self) -> int:
        """How many votes the present window has."""
        return len(self._poll.ballot)

    def offer(self, offer: Offer, now: float) -> None:
        """Takes it as this viewer's vote."""
        self.counters["offered"] += 1
        self._poll.vote(offer, now)

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops every vote that is `unwanted`, counts them as `why`, and says how many."""
        taken = self._poll.remove(unwanted)
        self.counters[why] += taken
        return taken

    def gone(self, user: str) -> None:
        """This viewer's vote goes, and no quorum counts on them any more."""
        self.counters["taken_back"] += self._poll.gone(user)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """There is nothing to join."""
        return self.no_need_to_join

    def retune(self, rules: GameRules) -> None:
        """The votes stay, and so does who takes part."""
        self._rules = rules

    def handle_timeout(self, now: float) -> list[Choice]:
        """The winner, if the window ends now and enough have voted."""
        result = self._poll.handle_timeout(now)
        if result is None:
            return []
        self._result = _in_words(result)
        if result.winner is None:
            return []
        parsed, _, since_ms = result.winner
        steps = self._played(parsed)
        choice = Choice(steps, None, _CHAT, shown(parsed), since_ms, asked=parsed.moves)
        self._begin(choice, now)
        return [choice]

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
            candidates=self._poll.ballot.leading(MOST_LISTED),
            voters=len(self._poll.ballot),
            quorum=self._poll.quorum,
            result=self._result,
        )

    @abstractmethod
    def _played(self, winner: Parsed) -> tuple[Step, ...]:
        """What is played for it."""

    @abstractmethod
    def _headline(self, now: float) -> str:
        """What goes on."""

    def _begin(self, choice: Choice, now: float) -> None:
        """`choice` plays, and no window ends before it has."""
        self._stage.begin(choice, {step.pad for step in choice.steps}, now)

    def _free(self) -> float:
        """When the pads have been at rest for a gap."""
        return self._stage.free_ms + self._rules.gap_ms


def _in_words(result: Result) -> str:
    if result.winner is None:
        return f"nothing ({result.voters} voted, {result.quorum} needed)"
    return f"{shown(result.winner.parsed)} ({result.winner.votes} of {result.voters})"
