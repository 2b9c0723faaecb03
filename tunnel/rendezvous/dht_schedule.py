"""When to put our letter into the DHT and when to look for the other end's. Pure.

Law of use: `begin` when the DHT is entered; then ask `due` after every input and whenever `next_timeout` has
come, and do what it says; tell `put_ended` and `got` what became of it, and call `handle_timeout` for what
became nothing. Before each of these rounds, and once a minute, `see_date`. `is_idle` says whether staying in
the DHT is worth it meanwhile.

For each version of IP a search costs some 15 to 30 kB in the DHT of the world, and merely staying in it 100
bytes/s (docs/paths.md). The gaps below are made of that: quick while somebody is likely to be starting the
other machine, and within 200 bytes/s for ever.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from tunnel.rendezvous.keys import day_of
from tunnel.rendezvous.place import MAX_LETTER, Hole, Holes
from tunnel.room import DAY_MS

# How long a node keeps an item is its own affair: BEP 44 lets it drop one after 2 h. Hourly survives one
# failure.
REPUT_MS: Final = 3_600_000.0
# Letters change as addresses are found, several times within seconds: those in between are never sent.
PUT_GAP_MS: Final = 60_000.0

# For how long the ends have been apart, and how often we look then. Somebody who starts both machines within
# a quarter of an hour waits half a minute at most; whoever comes next morning, ten minutes.
GET_GAPS: Final = ((15 * 60_000.0, 30_000.0), (60 * 60_000.0, 120_000.0), (math.inf, 600_000.0))
SHORTEST_GET_GAP_MS: Final = GET_GAPS[0][1]

# An end that runs writes at least hourly, if only the date is new. Two ends that both run and find no way to
# each other would otherwise look often for ever.
SILENCE_MS: Final = 2 * REPUT_MS

# libtorrent gives a node 15 s, and a search asks one after the other only where they are silent. These end
# what an alert that was dropped would leave open for ever.
GET_DEADLINE_MS: Final = 60_000.0
PUT_DEADLINE_MS: Final = 90_000.0

# Entering anew costs what staying for a minute or two costs.
LINGER_MS: Final = 120_000.0


@dataclass(frozen=True, slots=True)
class Put:
    """Order: put this letter into this hole of ours."""

    hole: Hole
    letter: bytes


@dataclass(frozen=True, slots=True)
class Get:
    """Order: look what lies in this hole of the other end's."""

    hole: Hole


class Schedule:
    """The orders, by time. `now` in milliseconds, on a clock that never jumps; holes go by the date."""

    def __init__(self, holes: Holes) -> None:
        self._holes = holes
        self._letter: bytes | None = None
        self._connected = False
        self._apart_since = 0.0
        self._heard_at: float | None = None
        self._ahead_ms = 0.0  # of the date before `now`
        self._put_at: float | None = None  # when we last tried
        self._put_day = 0  # and the day whose hole that was
        self._is_there = False  # whether the latest letter lies in the DHT, for all we know
        self._putting_until: float | None = None
        self._got_at: float | None = None  # when we last looked
        self._getting: set[Hole] = set()
        self._getting_until: float | None = None

    def begin(self, now: float) -> None:
        """We have just come into the DHT, and know nothing of what lies there."""
        self._apart_since = now
        self._put_at = self._got_at = None
        self._is_there = False
        self.forget()

    def see_date(self, date: float, now: float) -> None:
        """The system's date at this moment, ms since 1970. If it jumps, our letter is in a wrong hole."""
        self._ahead_ms = date - now
        if day_of(date) != self._put_day:
            self._is_there = False

    def post(self, letter: bytes) -> None:
        """What shall lie in our hole. Raises ValueError if it is too long."""
        if len(letter) > MAX_LETTER:
            raise ValueError(f"a letter has at most {MAX_LETTER} bytes; this one has {len(letter)}")
        if letter != self._letter:
            self._letter = letter
            self._is_there = False

    def set_connected(self, connected: bool, now: float) -> None:
        """Whether the two ends are connected: then there is nothing to look for."""
        if self._connected and not connected:
            self._apart_since = now
        self._connected = connected

    def heard(self, now: float) -> None:
        """A new letter of the other end has come. If the first in a while, that end has just been started."""
        if self._heard_at is None or now - self._heard_at > SILENCE_MS:
            self._apart_since = now
        self._heard_at = now

    def due(self, now: float) -> list[Put | Get]:
        """What is to be done now; it counts as being done from here on."""
        orders: list[Put | Get] = []
        date = now + self._ahead_ms
        put_time, get_time = self._put_time(), self._get_time()
        if self._letter is not None and put_time is not None and put_time <= now:
            self._put_at, self._put_day = now, day_of(date)
            self._putting_until = now + PUT_DEADLINE_MS
            self._is_there = True  # unless another one is posted, or it fails
            orders.append(Put(self._holes.own(date), self._letter))
        if get_time is not None and get_time <= now:
            self._got_at = now
            self._getting_until = now + GET_DEADLINE_MS
            holes = self._holes.peer(date)
            self._getting = set(holes)
            orders += [Get(hole) for hole in holes]
        return orders

    def put_ended(self, nodes: int) -> None:
        """The put is over; so many nodes hold it now. None: it is tried again."""
        self._putting_until = None
        if not nodes:
            self._is_there = False

    def got(self, hole: Hole) -> bool:
        """The search of a hole is over, with a letter or without. Whether it was the last of its round."""
        if hole not in self._getting:
            return False
        self._getting.discard(hole)
        if self._getting:
            return False
        self._getting_until = None
        return True

    def handle_timeout(self, now: float) -> list[str]:
        """Gives up what took too long; says what."""
        lost = []
        if self._putting_until is not None and self._putting_until <= now:
            lost.append("put unanswered")
            self.put_ended(0)
        if self._getting_until is not None and self._getting_until <= now:
            lost.append("get unanswered")
            self._stop_getting()
        return lost

    def forget(self) -> None:
        """We are out of the DHT: nothing that is under way will be answered any more."""
        if self._putting_until is not None:
            self.put_ended(0)
        self._stop_getting()

    def next_timeout(self) -> float | None:
        """When to come back. None: not before the next input."""
        times = (self._put_time(), self._get_time(), self._putting_until, self._getting_until)
        return min((time for time in times if time is not None), default=None)

    def is_idle(self, now: float) -> bool:
        """Whether nothing is under way, and nothing due for so long that being in the DHT is not worth it."""
        if self._putting_until is not None or self._getting_until is not None:
            return False
        next_timeout = self.next_timeout()
        return next_timeout is None or next_timeout > now + LINGER_MS

    def _stop_getting(self) -> None:
        self._getting.clear()
        self._getting_until = None

    def _put_time(self) -> float | None:
        if self._letter is None or self._putting_until is not None:
            return None
        if self._put_at is None:
            return -math.inf
        soonest = self._put_at + PUT_GAP_MS
        if not self._is_there:
            return soonest
        midnight = (self._put_day + 1) * DAY_MS - self._ahead_ms  # when our hole becomes another one
        return min(self._put_at + REPUT_MS, midnight)

    def _get_time(self) -> float | None:
        if self._getting_until is not None:
            return None
        if self._got_at is None:
            return -math.inf
        if self._connected:
            return None
        return self._got_at + _get_gap_ms(self._got_at - self._apart_since)


def _get_gap_ms(apart_ms: float) -> float:
    return next(gap_ms for until_ms, gap_ms in GET_GAPS if apart_ms < until_ms)
