"""What was chosen and still plays, pad by pad. It outlasts the mode that chose it, and the game. Pure.

Whatever mode is in force, and however often it was left and entered again: those that play one input after
another wait here until all of it has ended, and those that play several look here for room.

Some sequences must be played to their end, such as a moment of `step`, which wakes the game at its begin and
sends it to sleep at its end. When one of those is cancelled on the way, that is `broken`: nobody knows
whether the game runs. Somebody has to look.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable
from itertools import count
from typing import NamedTuple

from bot.modes.mode import Choice
from config.codes import Control


class Stage:
    """The pads, from 1, and what is on them.

    free_ms  when all that was begun will have ended; in the past if it has
    broken   whether something was cancelled that had to be played to its end; whoever puts it right resets it
    """

    def __init__(self, pads: int) -> None:
        self._playing: dict[int, list[_Playing]] = {pad: [] for pad in range(1, pads + 1)}  # heaps
        self._numbers = count()
        self.free_ms = -math.inf
        self.broken = False

    @property
    def pads(self) -> Iterable[int]:
        """All of them."""
        return self._playing.keys()

    def begin(self, choice: Choice, pads: Iterable[int], now: float, *, whole: bool = False) -> None:
        """It plays on `pads` from now; `whole` if it must be played to its end."""
        playing = _Playing(now + choice.steps[-1].at_ms, next(self._numbers), choice, whole)
        for pad in pads:
            heapq.heappush(self._playing[pad], playing)
        self.free_ms = max(self.free_ms, playing.ends_ms)

    def handle_timeout(self, now: float) -> None:
        """Forgets what has ended."""
        for pad in self._playing:
            self.on(pad, now)

    def on(self, pad: int, now: float) -> int:
        """How many play on `pad`."""
        playing = self._playing[pad]
        while playing and playing[0].ends_ms <= now:
            heapq.heappop(playing)
        return len(playing)

    def next_end(self, pad: int) -> float | None:
        """When the next of those on `pad` ends; None where nothing plays."""
        playing = self._playing[pad]
        return playing[0].ends_ms if playing else None

    def controls(self, pad: int) -> frozenset[Control]:
        """What is pressed on `pad`, was, or will be by what plays there."""
        return frozenset(
            step.control for playing in self._playing[pad] for step in playing.choice.steps if step.pad == pad
        )

    def cut(self, cancelled: Callable[[Choice], bool]) -> None:
        """What plays and is `cancelled` has ended. What had ended by the last `handle_timeout` is not asked
        about.
        """
        gone = {playing for every in self._playing.values() for playing in every if cancelled(playing.choice)}
        if not gone:
            return
        self.broken |= any(playing.whole for playing in gone)
        self.free_ms = -math.inf
        for pad, every in self._playing.items():
            left = [playing for playing in every if playing not in gone]
            heapq.heapify(left)
            self._playing[pad] = left
            self.free_ms = max([self.free_ms, *(playing.ends_ms for playing in left)])


class _Playing(NamedTuple):
    """In a heap the first to end is first; no two have the same number."""

    ends_ms: float
    number: int
    choice: Choice
    whole: bool
