"""When to look for a path: a few rounds of checks, then rests that grow, for ever.

IDLE --begin--> LOOKING --found--> SETTLED --begin--> LOOKING
                   '---rounds over---> RESTING --rest over, or begin--> LOOKING
"""

from __future__ import annotations

import enum
from typing import Final

# tunnel.md 2.2: of 4.4 million libp2p attempts 97.6 % of those that succeeded did so in the first round.
ROUNDS: Final = 3
ROUND_MS: Final = 3_000.0
# At its dearest a search of one round costs 18 kB, headers of UDP and IP included: six checks of 128 bytes to
# each of eight addresses of IPv4 and of 148 to eight of IPv6, 13 kB; four questions as long to each of eight
# servers that say nothing, 4.4 kB; and an offer. Five minutes apart, that is some 70 bytes a second in the
# long run for an end that can never succeed where it is, and 150 where it guesses ports besides
# (tests/tunnel/nat/test_idle_cost.py).
_SHORTEST_REST_MS: Final = 30_000.0
_LONGEST_REST_MS: Final = 300_000.0


class Stage(enum.Enum):
    """What is being done."""

    IDLE = "idle"
    LOOKING = "looking"
    RESTING = "resting"
    SETTLED = "settled"


class Step(enum.Enum):
    """What has fallen due."""

    AGAIN = "again"  # another round of checks
    REST = "rest"  # nothing was found; why, somebody should say now
    BEGIN = "begin"  # the rest is over


class Search:
    """`now` in milliseconds."""

    def __init__(self) -> None:
        self.stage = Stage.IDLE
        self._rounds_left = 0
        self._rests = 0
        self._deadline = float("inf")
        self._hard_until = float("-inf")

    def begin(self, now: float, *, patiently: bool = False) -> None:
        """Looks from now on: three rounds, or patiently one."""
        self.stage = Stage.LOOKING
        self._rounds_left = 1 if patiently else ROUNDS
        self._deadline = now + ROUND_MS

    def prolong(self) -> None:
        """The other end has just begun: the round under way is not the last."""
        self._rounds_left = max(self._rounds_left, 2)

    def look_hard(self, until: float) -> None:
        """Until then one round follows the other: people are waiting."""
        self._hard_until = until

    def is_hard(self, now: float) -> bool:
        """Whether there are no rests."""
        return now < self._hard_until

    def take_due(self, *, found: bool, draw: float, now: float) -> Step | None:
        """What to do now, if anything.

        found  whether there is a path that works
        draw   a random number in [0, 1): scatters the rests, so that ends do not search in step for ever
        """
        if now < self._deadline:
            return None
        if self.stage is Stage.RESTING:
            return Step.BEGIN
        self._rounds_left -= 1
        if found:
            self.stage, self._deadline, self._rests = Stage.SETTLED, float("inf"), 0
            return None
        if self._rounds_left > 0 or self.is_hard(now):
            self._deadline = now + ROUND_MS
            return Step.AGAIN
        rest = min(_SHORTEST_REST_MS * 2**self._rests, _LONGEST_REST_MS)
        self._rests = min(self._rests + 1, 10)
        self.stage, self._deadline = Stage.RESTING, now + rest * (0.75 + 0.5 * draw)
        return Step.REST

    def next_timeout(self) -> float:
        """When `take_due` has something to say; infinity if nothing is awaited."""
        return self._deadline
