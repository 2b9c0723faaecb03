"""Simulated viewers: their names, what they type, and how their clients mangle it. Same seed, same crowd."""

from __future__ import annotations

import random
from typing import Final

from bench.world.habits import Habits, Table

_FIRST: Final = (
    "pixel", "quiet", "salty", "turbo", "mellow", "lucky", "grumpy", "neon", "dusty", "velvet",
    "cosmic", "sleepy", "spicy", "tiny", "royal", "feral",
)  # fmt: skip
_SECOND: Final = (
    "otter", "badger", "heron", "moth", "yak", "lynx", "newt", "crab", "finch", "panda",
    "gecko", "raven", "ferret", "koala", "tapir", "wolf",
)  # fmt: skip

# Of what is meant as no input: talk, mistakes, and for the rest commands where the mode has any.
_TALK_SHARE: Final = 0.45
_TYPOS_SHARE: Final = 0.2

# Twitch refuses a line equal to the sender's last one; popular clients append one of these to get around it.
_TAILS: Final = (" \U000e0000", " \u034f", "\u2800", " ")


def viewer_names(count: int, seed: int) -> list[str]:
    """So many different login names."""
    pairs = [f"{first}_{second}" for first in _FIRST for second in _SECOND]
    random.Random(seed).shuffle(pairs)
    return [pairs[place] if place < len(pairs) else f"viewer_{place}" for place in range(count)]


class Typist:
    """One viewer's fingers. `inputs_share` of what they type is meant to be an input."""

    def __init__(self, seed: int, habits: Habits, inputs_share: float = 0.85) -> None:
        self._random = random.Random(seed)
        self._habits = habits
        self._share = inputs_share
        self._last = ""

    def pause_s(self, lines_per_second: float) -> float:
        """Until the next line: people are independent of each other, so the pauses are exponential."""
        return self._random.expovariate(lines_per_second)

    def line(self) -> str:
        """The next line, as it leaves the viewer's client."""
        return self._sent(self._text())

    def input(self) -> str:
        """The same, of somebody who is to play now and knows it."""
        return self._sent(self._pick(self._habits.inputs))

    def _sent(self, text: str) -> str:
        if text == self._last:
            text += self._random.choice(_TAILS)
        self._last = text
        return text

    def _text(self) -> str:
        draw = self._random.random()
        if draw < self._share:
            text = self._pick(self._habits.inputs)
            return text.upper() if self._random.random() < 0.05 else text
        rest = (draw - self._share) / (1 - self._share)
        if rest < _TYPOS_SHARE:
            return self._pick(self._habits.typos)
        if rest < _TYPOS_SHARE + _TALK_SHARE or not self._habits.asks:
            return self._pick(self._habits.talk)
        return self._pick(self._habits.asks)

    def _pick(self, table: Table) -> str:
        return self._random.choices([text for _, text in table], [weight for weight, _ in table])[0]
