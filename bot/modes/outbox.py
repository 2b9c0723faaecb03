"""What was chosen and has not left yet: until then it can still be taken back. Pure.

Hardly anything ever rests here: a line, and the ban of who wrote it, may come together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bot.modes.mode import Choice


class Outbox:
    """Choices, in order.

    counters  `chosen`: handed out; `taken_back`: not
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._choices: list[Choice] = []

    def __len__(self) -> int:
        return len(self._choices)

    def put(self, choice: Choice) -> None:
        """`choice` is to leave next."""
        self._choices.append(choice)

    def remove(self, unwanted: Callable[[Choice], bool]) -> int:
        """Drops every choice that is `unwanted`, and says how many."""
        kept = [choice for choice in self._choices if not unwanted(choice)]
        taken = len(self._choices) - len(kept)
        self._choices = kept
        self.counters["taken_back"] += taken
        return taken

    def take(self) -> list[Choice]:
        """All of them leave."""
        taken, self._choices = self._choices, []
        self.counters["chosen"] += len(taken)
        return taken
