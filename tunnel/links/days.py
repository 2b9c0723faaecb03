"""Which rooms a member is in: today's and tomorrow's, by the relay's clock. Pure.

Two days at once, because two members cross midnight some moments apart and must meet all the while.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tunnel.room import DAY_MS


class RelayDays:
    """Follows the relay's days from the time it told at login; nobody's own clock has to be right."""

    def __init__(self, room_name: Callable[[str, int], bytes], relay: str, relay_ms: int, now: float) -> None:
        """`relay` is its name, and `relay_ms` what its clock showed at `now` on ours."""
        self._room_name = partial(room_name, relay)
        self._ahead_ms = relay_ms - now
        self._day = self._day_at(now)

    def rooms(self) -> tuple[bytes, bytes]:
        """The rooms of the day, as of the last `turned`."""
        return self._room_name(self._day), self._room_name(self._day + 1)

    def turned(self, now: float) -> bool:
        """Whether a new day has begun since the last question; if so `rooms` are new."""
        day = self._day_at(now)
        if day <= self._day:
            return False
        self._day = day
        return True

    def _day_at(self, now: float) -> int:
        return int((now + self._ahead_ms) // DAY_MS)
