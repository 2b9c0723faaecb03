"""Democracy: chat votes by typing inputs, and what most want is played. Pure.

`left2 down2` is one candidate, and the same as `left left down down`. Windows, quorum and early ends: see
bot.modes.poll. Ties: see bot.modes.ballot.
"""

from __future__ import annotations

from bot.grammar import Parsed
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.voting import Voting
from bot.sequence import Step
from config.play import DemocracyOptions


class Democracy(Voting):
    """The winner of each window is played as it was typed. The game goes on meanwhile."""

    name = "democracy"
    no_need_to_join = "Everybody votes: no need to join, just type the input you want."

    def __init__(self, options: DemocracyOptions, rules: GameRules, stage: Stage) -> None:
        super().__init__(
            rules,
            stage,
            window_ms=options.window_s * 1_000,
            shortest_ms=options.shortest_window_s * 1_000,
            full_at=options.full_at,
            quorum_share=options.quorum_share,
        )

    def _played(self, winner: Parsed) -> tuple[Step, ...]:
        return winner.steps

    def _headline(self, now: float) -> str:
        if 0 < self.waiting < self._poll.quorum:
            return f"Chat votes, and too few have: {self.waiting} of the {self._poll.quorum} it takes."
        return "Chat votes: type the input you want."
