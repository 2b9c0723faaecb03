"""Simulated viewers: their names, what they type, and how their clients mangle it. Same seed, same crowd."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = (
    "pixel", "quiet", "salty", "turbo", "mellow", "lucky", "grumpy", "neon", "dusty", "velvet",
    "cosmic", "sleepy", "spicy", "tiny", "royal", "feral",
)  # fmt: skip
_SECOND: Final = (
    "otter", "badger", "heron", "moth", "yak", "lynx", "newt", "crab", "finch", "panda",
    "gecko", "raven", "ferret", "koala", "tapir", "wolf",
)  # fmt: skip

# (how often, what): what a crowd types at a platform game, mostly short, now and then fancy.
_COMMANDS: Final = (
    (20, "a"), (9, "b"), (5, "x"), (5, "y"), (14, "right"), (10, "left"), (6, "up"), (8, "down"),
    (7, "right1s"), (4, "left500ms"), (6, "a+right"), (3, "a+left"), (3, "b+right500ms"), (3, "down down a"),
    (2, "x y x y"), (3, "rright"), (3, "rup70%"), (4, "lup70%"), (5, "lright600ms"), (4, "lleft600ms"),
    (3, "ldown"), (3, "rt70%500ms"), (2, "lt30%400ms"), (3, "rt"), (2, "lb"), (2, "rb"), (1, "start"),
    (1, "back"), (1, "lb+rb"), (1, "a500ms b+right"),
)  # fmt: skip
_TALK: Final = (
    (4, "lol"), (3, "no not that way"), (2, "who keeps pressing start"), (3, "gg"), (2, "wait for it"),
    (2, "left left LEFT please"), (1, "first time here, hi everyone"), (1, "aaaaaaaa why"), (1, "clip that!"),
    (1, "is this live?"), (2, "o7"), (1, "that jump was on purpose, trust me"),
)  # fmt: skip
_TYPOS: Final = ((3, "rigth"), (2, "a+"), (2, "lup700%"), (1, "b+b"), (1, "leftt"), (1, "ap"))

# Twitch refuses a line equal to the sender's last one; popular clients append one of these to get around it.
_TAILS: Final = (" \U000e0000", " \u034f", "\u2800", " ")


def viewer_names(count: int, seed: int) -> list[str]:
    """So many different login names."""
    pairs = [f"{first}_{second}" for first in _FIRST for second in _SECOND]
    random.Random(seed).shuffle(pairs)
    return [pairs[place] if place < len(pairs) else f"viewer_{place}" for place in range(count)]


class Typist:
    """One viewer's fingers. `commands_share` of what they type is meant to be a command."""

    def __init__(self, seed: int, commands_share: float = 0.85) -> None:
        self._random = random.Random(seed)
        self._share = commands_share
        self._last = ""

    def pause_s(self, lines_per_second: float) -> float:
        """Until the next line: people are independent of each other, so the pauses are exponential."""
        return self._random.expovariate(lines_per_second)

    def line(self) -> str:
        """The next line, as it leaves the viewer's client."""
        text = self._text()
        if text == self._last:
            text += self._random.choice(_TAILS)
        self._last = text
        return text

    def _text(self) -> str:
        draw = self._random.random()
        if draw < self._share:
            text = self._pick(_COMMANDS)
            return text.upper() if self._random.random() < 0.05 else text
        return self._pick(_TALK if draw < self._share + (1 - self._share) * 0.7 else _TYPOS)

    def _pick(self, table: tuple[tuple[int, str], ...]) -> str:
        return self._random.choices([text for _, text in table], [weight for weight, _ in table])[0]
