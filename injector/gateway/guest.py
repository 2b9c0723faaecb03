"""One program that has come in by the gateway: its records in, presses and releases out. Pure.

How to use it: hand each message to `received`, call `handle_timeout` once `next_timeout` has come, and
`leave` when it is gone, for whatever reason. Have the player obey what each returns, in order and at once.

Raw IID knows no sequence: a press is one record and its release another, which may never come. So each press
becomes a sequence of its own that holds its release already, at the longest hold; the guest's own release
only takes it back earlier. What a guest holds is let go when it leaves, and it may be sent away at any time.

A record is a state, as every receiver of the family reads it: A pressed twice is down once, and a stick that
moves takes the place of where it stood. Two orders name no control: 1398 forgets what is delayed, 1390 (or
2390) lets go of everything this guest holds. Elsewhere 1390 cannot be trusted; here it can, and letting go is
always safe.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from config.codes import CodeError, Control, decode, encode
from injector.iid.record import RECORD_SIZE, Record, RecordError, parse
from injector.player import LetGo, Move, Press
from tunnel.bucket import TokenBucket
from tunnel.frame import Frame, SequenceId

# Both sticks, sixty times a second, on four pads, and as much again for buttons.
RECORDS_PER_SECOND: Final = 500
RECORDS_BURST: Final = 1_000
# As much as one of our own lines may take. A delay is for tapping, not for planning.
LONGEST_DELAY_MS: Final = 10_000
MOST_DELAYED: Final = 256

_FORGET_DELAYED: Final = 1398
_LET_GO: Final = frozenset({1390, 2390})


class TooMuchError(Exception):
    """The guest sends more than anybody plays: it has to go."""


@dataclass(frozen=True, slots=True)
class GuestRules:
    """What one guest may do.

    pads             how many pads there are
    index            the pad it plays whatever its records say; 0: they say it
    deny             controls it never moves
    longest_hold_ms  no press lasts longer
    """

    pads: int
    index: int
    deny: frozenset[Control]
    longest_hold_ms: int


class Guest:
    """`next_id` gives out ids that nobody else uses; `counters` says what was dropped and why."""

    def __init__(self, rules: GuestRules, next_id: Callable[[], SequenceId], counters: Counter[str]) -> None:
        self._rules = rules
        self._next_id = next_id
        self._counters = counters
        self._every_pad = tuple(range(1, rules.pads + 1))
        self._bucket = TokenBucket(RECORDS_PER_SECOND, RECORDS_BURST)
        self._holds: dict[tuple[int, Control], SequenceId] = {}
        self._delayed: list[tuple[float, int, Record]] = []  # due, order of arrival; a heap
        self._arrivals = 0

    def received(self, data: bytes, now: float) -> list[Move]:
        """One message. What is no record is counted and dropped. Raises TooMuchError."""
        if not self._bucket.take(now, max(1, len(data) // RECORD_SIZE)):
            raise TooMuchError
        try:
            records = parse(data)
        except RecordError as reason:
            self._counters[str(reason)] += 1
            return []
        moves: list[Move] = []
        for record in records:
            if record.delay_ms:
                self._delay(record, now)
            else:
                self._obey(record, moves)
        return moves

    def next_timeout(self) -> float | None:
        """When a delayed record is due."""
        return self._delayed[0][0] if self._delayed else None

    def handle_timeout(self, now: float) -> list[Move]:
        """Play what is due."""
        moves: list[Move] = []
        while self._delayed and self._delayed[0][0] <= now:
            self._obey(heapq.heappop(self._delayed)[2], moves)
        return moves

    def leave(self) -> list[Move]:
        """It is gone: nothing of it stays down, nothing delayed is played."""
        self._delayed.clear()
        gone, self._holds = tuple(self._holds.values()), {}
        return [LetGo(gone)] if gone else []

    def _delay(self, record: Record, now: float) -> None:
        if record.delay_ms > LONGEST_DELAY_MS:
            self._counters["delayed_too_long"] += 1
        elif len(self._delayed) >= MOST_DELAYED:
            self._counters["delayed_too_many"] += 1
        else:
            self._arrivals += 1
            heapq.heappush(self._delayed, (now + record.delay_ms, self._arrivals, record))

    def _obey(self, record: Record, moves: list[Move]) -> None:
        if record.value == _FORGET_DELAYED:
            self._delayed.clear()
            return
        if record.value in _LET_GO:
            gone, self._holds = tuple(self._holds.values()), {}
        else:
            gone = self._press(record, moves)
        if gone:
            moves.append(LetGo(gone))

    def _press(self, record: Record, moves: list[Move]) -> tuple[SequenceId, ...]:
        """Adds what the record presses, and answers which presses it ends.

        The new press of a control comes before the end of the old one: so it never shows as a release.
        """
        try:
            changes = decode(record.value)
        except CodeError:
            self._counters["unknown_value"] += 1
            return ()
        ended = []
        for pad in self._targets(record.index):
            for control, value in changes:
                before = self._holds.pop((pad, control), None)
                if before is not None:
                    ended.append(before)
                if value and control in self._rules.deny:
                    self._counters["denied"] += 1
                elif value:
                    id = self._holds[pad, control] = self._next_id()
                    moves.append(Press(id, self._frames(pad, control, value)))
        return tuple(ended)

    def _frames(self, pad: int, control: Control, value: float) -> tuple[Frame, ...]:
        return (
            Frame(pad, encode(control, value), 0),
            Frame(pad, encode(control, 0), self._rules.longest_hold_ms),
        )

    def _targets(self, index: int) -> tuple[int, ...]:
        """1 to 4 that pad; 0 or above 4 every pad; negative nobody (the family's rule for guests)."""
        index = self._rules.index or index
        if index in self._every_pad:
            return (index,)
        if index == 0 or index > 4:
            return self._every_pad
        self._counters["no_such_pad"] += 1
        return ()
