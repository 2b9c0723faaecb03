"""What is played though nobody typed it: against idling, and every so often. The game file names both. Pure.

    idle      when nobody has played for so long, and again after as long
    periodic  at a fixed pace, whoever plays: for games that fall asleep, or ask whether anybody is there

Neither counts as somebody playing.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from bot.modes.mode import Choice, shown
from bot.modes.rules import Prompt

# Who is shown for what nobody typed.
NAME: Final = "crowdpad"


class Prompts:
    """The two clocks. They start at `now`.

    counters  `idle` and `periodic` inputs played
    """

    def __init__(self, idle: Prompt | None, periodic: Prompt | None, now: float) -> None:
        self.counters: Counter[str] = Counter()
        self.retune(idle, periodic, now)

    def retune(self, idle: Prompt | None, periodic: Prompt | None, now: float) -> None:
        """Other inputs from now on: the game was loaded anew."""
        named = {"idle": idle, "periodic": periodic}
        self._prompts = {name: prompt for name, prompt in named.items() if prompt is not None}
        self.restart(now)

    def restart(self, now: float) -> None:
        """Nothing was to be played until now, as in a pause: both clocks start anew."""
        self._due = {name: now + prompt.after_ms for name, prompt in self._prompts.items()}

    def somebody_plays(self, until_ms: float) -> None:
        """A viewer typed an input, or one of theirs plays until then."""
        if "idle" in self._prompts:
            self._due["idle"] = max(self._due["idle"], until_ms + self._prompts["idle"].after_ms)

    def handle_timeout(self, now: float) -> list[Choice]:
        """The inputs that are due. What was missed is not made up for."""
        return [self._play(name, now) for name in self._prompts if now >= self._due[name]]

    def next_timeout(self) -> float | None:
        """When the next one is due."""
        return min(self._due.values(), default=None)

    def _play(self, name: str, now: float) -> Choice:
        parsed, after_ms = self._prompts[name]
        self._due[name] = now + parsed.duration_ms + after_ms
        self.counters[name] += 1
        return Choice(parsed.steps, None, NAME, shown(parsed), now)
