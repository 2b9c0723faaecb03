"""How long a press lasts that named no length, while inputs wait: the fuller the queue, the shorter. Pure.

The law. With `load_ms` of input waiting, as typed, for `together` places, and presses of the length p instead
of the usual d, the queue is through in load / together * p / d. That is to be `depth_ms`, so

    wanted = d * depth_ms * together / load_ms      at least shortest_ms, at most 1.5 d; d when nothing waits
    dp/dt  = (wanted - p) / tau                     wanted being what the queue asked for when last looked at

    wanted < p   presses grow shorter   tau = 100 ms     63 % of the way in 0.1 s, 95 % in 0.3 s
    wanted > p   presses grow longer    tau = 1000 ms    63 % of the way in 1 s, 95 % in 3 s

Shorter fast, longer slowly. A burst must be felt within a fraction of the depth (1 s by default), or the
queue is past its depth before anything is done about it; a tenth of a second is still six frames, so that two
inputs in one packet change little. The way back is as slow as the queue itself is deep: any faster, and
presses would swing between two lengths at each wave of chat, which nobody could play with. What this costs is
a queue that empties a little early after a burst, and that costs nobody anything: what need not wait is not
paced at all.

A short queue makes presses longer than usual, so that a burst ends in an even stream rather than in a hole.
By half at most: `right` still goes about as far as it goes on a quiet day; the wait stays below the depth all
the same, for that is what `wanted` is made from.
"""

from __future__ import annotations

import math
from typing import Final

SHORTER_TAU_MS: Final = 100.0
LONGER_TAU_MS: Final = 1_000.0
LONGEST_SHARE: Final = 1.5
# Games look at a pad once a frame, so nothing between two frames is of use; and few lengths are few plans.
FRAME_MS: Final = 1_000 / 60


class Pace:
    """The length of presses on one pad. Say `look` whenever the queue has changed.

    together    how many inputs play on it at a time
    depth_ms    how long the last in the queue is to wait
    default_ms  a press as typed; `shortest_ms` and `longest_ms` are as far as it may go
    """

    def __init__(
        self, *, together: int, depth_ms: float, default_ms: int, shortest_ms: int, longest_ms: int
    ) -> None:
        self._together = together
        self._depth_ms = depth_ms
        self._default_ms = default_ms
        self._shortest_ms = min(shortest_ms, default_ms)
        self._longest_ms = max(default_ms, min(longest_ms, int(default_ms * LONGEST_SHARE)))
        self._wanted_ms = self._exact_ms = float(default_ms)
        self._looked = -math.inf

    @property
    def press_ms(self) -> int:
        """How long a press lasts now: a whole number of frames, within the limits, in milliseconds."""
        whole = round(round(self._exact_ms / FRAME_MS) * FRAME_MS)
        return max(self._shortest_ms, min(whole, self._longest_ms))

    def look(self, load_ms: float, now: float) -> None:
        """`load_ms` of input wait from now on."""
        tau = SHORTER_TAU_MS if self._wanted_ms < self._exact_ms else LONGER_TAU_MS
        passed_ms = max(0.0, now - self._looked)
        self._exact_ms -= (self._wanted_ms - self._exact_ms) * math.expm1(-passed_ms / tau)
        self._wanted_ms = self._wanted(load_ms)
        self._looked = now

    def wait_ms(self, load_ms: float) -> float:
        """How long `load_ms` of input take to get through at the present pace."""
        return load_ms / self._together * self._exact_ms / self._default_ms

    def _wanted(self, load_ms: float) -> float:
        if load_ms <= 0:
            return self._default_ms
        wanted = self._default_ms * self._depth_ms * self._together / load_ms
        return max(self._shortest_ms, min(wanted, self._longest_ms))
