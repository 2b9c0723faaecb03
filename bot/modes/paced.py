"""Inputs at another pace, remembered: a crowd says few things, and lengths are whole frames. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from bot.grammar import Parsed

# A few dozen inputs are most of what a crowd types, at some twenty lengths each. At worst (64 frames each,
# before and after) about 20 MB.
MOST_PACED: Final = 1_024


class PacedInputs:
    """`parsed.at_pace(press_ms)`, each made once.

    Remembered by identity: `a` and `a200ms` do the same and are equal, but only one of them can be paced.
    """

    def __init__(self, most: int = MOST_PACED) -> None:
        self._most = most
        # The input itself is kept too, so that no other can come to have its id.
        self._made: OrderedDict[tuple[int, int], tuple[Parsed, Parsed]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._made)

    def at_pace(self, parsed: Parsed, press_ms: int) -> Parsed:
        """`parsed` with presses of `press_ms`, where they named no length."""
        key = id(parsed), press_ms
        known = self._made.get(key)
        if known is not None:
            self._made.move_to_end(key)
            return known[1]
        if len(self._made) >= self._most:
            self._made.popitem(last=False)
        paced = parsed.at_pace(press_ms)
        self._made[key] = parsed, paced
        return paced
