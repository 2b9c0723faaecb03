"""Moves that need a rest: one viewer's own rest after using one, and everybody's after anybody did. Pure.

Asking and starting are two calls, so that an input which something else refuses starts nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from config.controllers import Move
from config.games import Cooldown

# Viewers times moves. At 2,000 admitted inputs a second with one such move each, it is full after 25 s. About
# 10 MB then.
MOST: Final = 50_000


class Cooling(NamedTuple):
    """What still rests: the move, for how long, and whether for everybody or for the one viewer."""

    move: Move
    wait_ms: float
    for_everybody: bool


class Cooldowns:
    """The rests that run. When there are too many, the ones that end first are forgotten and counted."""

    def __init__(self, lengths: Mapping[Move, Cooldown] | None = None, most: int = MOST) -> None:
        self._lengths: Mapping[Move, Cooldown] = lengths or {}
        self._most = most
        self._of_user: dict[tuple[str, Move], float] = {}
        self._of_everybody: dict[Move, float] = {}
        self.counters: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether any move has one."""
        return bool(self._lengths)

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._of_user) + len(self._of_everybody)

    def retune(self, lengths: Mapping[Move, Cooldown]) -> None:
        """Takes other lengths. What runs already goes on, if the move still has a length."""
        self._lengths = lengths

    def cooling(self, user: str, moves: Iterable[Move], now: float) -> Cooling | None:
        """Which of `moves` this viewer must wait for longest; None if for none of them."""
        longest: Cooling | None = None
        for move in moves:
            if move not in self._lengths:
                continue
            for end, for_everybody in (
                (self._of_everybody.get(move, now), True),
                (self._of_user.get((user, move), now), False),
            ):
                if end > now and (longest is None or end - now > longest.wait_ms):
                    longest = Cooling(move, end - now, for_everybody)
        return longest

    def start(self, user: str, moves: Iterable[Move], now: float) -> None:
        """This viewer uses `moves` now; without a name everybody together does, and rests."""
        for move in moves:
            length = self._lengths.get(move)
            if length is None:
                continue
            if length.everybody_ms > 0:
                self._of_everybody[move] = now + length.everybody_ms
            if length.user_ms > 0 and user:
                self._make_room(now)
                self._of_user[user, move] = now + length.user_ms

    def _make_room(self, now: float) -> None:
        """Drops what is over; of a full house the half that ends first, so that this is rarely done."""
        if len(self._of_user) < self._most:
            return
        running = sorted((end, key) for key, end in self._of_user.items() if end > now)
        too_many = max(0, len(running) - self._most // 2)
        self.counters["forgotten_early"] += too_many
        self._of_user = {key: end for end, key in running[too_many:]}
