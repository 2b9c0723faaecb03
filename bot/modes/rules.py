"""What the modes need of the game in force. Pure."""

from __future__ import annotations

from typing import NamedTuple

from bot.grammar import Parsed
from config.controllers import Controller


class Prompt(NamedTuple):
    """An input of the game file, and how long to wait for it: for silence, or between two of it."""

    parsed: Parsed
    after_ms: float


class GameRules(NamedTuple):
    """The game, as modes see it.

    pause     the input that pauses it and lets it go on
    idle      played when nobody has played for so long
    periodic  played every so often
    name      tells an edition of the same page from another game; empty where there is only a controller
    """

    controller: Controller
    pause: Parsed | None = None
    idle: Prompt | None = None
    periodic: Prompt | None = None
    name: str = ""

    @property
    def gap_ms(self) -> int:
        """How long a pad rests between two inputs, so that `a` after `a` is two presses, whatever `a` is."""
        return max([self.controller.gap_ms, *self.controller.gaps.values()])

    def is_of(self, other: GameRules) -> bool:
        """Whether these are rules of the same game, played with the same controller."""
        return (self.name, self.controller.name) == (other.name, other.controller.name)
