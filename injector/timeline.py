"""What is due when: sequences in, due actions out. Pure; every time is milliseconds on the program's clock.

How to use it: `add` each sequence as it arrives; call `advance` whenever `next_timeout` has come (too early
is harmless) and play what it returns, in that order. `cancel` and `clear` take back what is not played yet.

The timing rule: a sequence that arrives late is shifted as a whole, by as much as its first frame is late, so
the distances inside it stay what the sender meant, whatever the network did.

The order of what is due: by time; at one moment releases before presses, so that a new press of a held button
is seen as one; then by arrival; then as the sequence says.
"""

from __future__ import annotations

import enum
import heapq
import math
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from config.codes import Changes, CodeError, decode
from injector.rules import Rules
from tunnel.frame import Frame, SequenceId

# At 200 ms a press this is 20,000 presses a second; it is also what a sender may have unanswered. A live
# sequence costs a kilobyte or two at most, so this bounds the memory as well.
MAX_LIVE: Final = 4_096
# How far beyond the longest hold a sequence may end: room for a wrong guess of the sender's clock, no more.
MARGIN_MS: Final = 10_000.0
# Sequences that were taken back stay in the heap until they surface; beyond this many they are swept out.
_MAX_DEAD: Final = 1_024


class Verdict(enum.Enum):
    """What became of a sequence on arrival."""

    ACCEPTED = "accepted"
    STALE = "stale"
    REFUSED = "refused"


class Action(NamedTuple):
    """One frame that is due: on each of `pads`, set each control in `changes` to its value."""

    due_ms: float
    id: SequenceId
    pads: tuple[int, ...]
    changes: Changes
    first: bool
    last: bool


class _Step(NamedTuple):
    """One frame, made ready. Sorts by time, then releases first, then as sent; `order` differs always."""

    offset_ms: int
    presses: bool
    order: int
    pads: tuple[int, ...]
    changes: Changes


class _Live:
    """A sequence with frames left to play."""

    __slots__ = ("arrival", "begin_ms", "id", "next", "steps")

    def __init__(self, id: SequenceId, arrival: int, begin_ms: float, steps: list[_Step]) -> None:
        self.id = id
        self.arrival = arrival
        self.begin_ms = begin_ms
        self.steps = steps
        self.next = 0

    def entry(self) -> _Entry:
        step = self.steps[self.next]
        return self.begin_ms + step.offset_ms, step.presses, self.arrival, self


# The next step of one sequence: due, presses, arrival, sequence. Arrivals differ: no two sequences compare.
_Entry = tuple[float, bool, int, _Live]


class _RefusedError(Exception):
    """Why a sequence is not played; the text is the name of its counter."""


class Timeline:
    """Holds at most MAX_LIVE sequences; `counters` says what was accepted and why the rest was not."""

    def __init__(self, rules: Rules) -> None:
        self.counters: Counter[str] = Counter()
        self._rules = rules
        self._live: dict[SequenceId, _Live] = {}
        self._heap: list[_Entry] = []
        self._arrivals = 0
        self._every_pad = tuple(range(1, rules.pads + 1))
        self._pads = {0: self._every_pad} | {pad: (pad,) for pad in self._every_pad}
        self._furthest_ms = rules.longest_hold_ms + MARGIN_MS

    def __len__(self) -> int:
        return len(self._live)

    def ids(self) -> tuple[SequenceId, ...]:
        """Everything that has frames left to play, in the order it came."""
        return tuple(self._live)

    def __contains__(self, id: SequenceId) -> bool:
        return id in self._live

    def add(
        self, id: SequenceId, frames: tuple[Frame, ...], start_ms: float, age_ms: float, now: float
    ) -> Verdict:
        """Take a sequence in.

        `start_ms` is its first frame's date on our clock, `age_ms` how long ago that was. STALE and REFUSED
        sequences are dropped whole and leave no trace but a count.
        """
        if not age_ms <= self._rules.stale_after_ms:  # "not <=" so that a NaN is stale too
            self.counters["stale"] += 1
            return Verdict.STALE
        begin_ms = max(start_ms, now)
        try:
            steps = self._steps(id, frames, begin_ms - now)
        except _RefusedError as reason:
            self.counters[str(reason)] += 1
            return Verdict.REFUSED
        self.counters["accepted"] += 1
        self._arrivals += 1
        live = self._live[id] = _Live(id, self._arrivals, begin_ms, steps)
        heapq.heappush(self._heap, live.entry())
        return Verdict.ACCEPTED

    def advance(self, now: float) -> list[Action]:
        """All that is due by `now`, in the order it is to be played."""
        due: list[Action] = []
        heap = self._heap
        while heap and heap[0][0] <= now:
            due_ms, _, _, live = heap[0]
            if self._live.get(live.id) is not live:
                heapq.heappop(heap)
                continue
            step = live.steps[live.next]
            live.next += 1
            last = live.next == len(live.steps)
            due.append(Action(due_ms, live.id, step.pads, step.changes, live.next == 1, last))
            if last:
                heapq.heappop(heap)
                del self._live[live.id]
            else:
                heapq.heapreplace(heap, live.entry())
        return due

    def next_timeout(self) -> float | None:
        """When the next frame is due; None if there is none."""
        heap = self._heap
        while heap and self._live.get(heap[0][3].id) is not heap[0][3]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def cancel(self, ids: Iterable[SequenceId]) -> dict[SequenceId, bool]:
        """Take sequences back. Answers which were live, and of each whether its first frame was played."""
        taken = {id: self._live.pop(id).next > 0 for id in dict.fromkeys(ids) if id in self._live}
        if len(self._heap) - len(self._live) > _MAX_DEAD:
            self._heap = [live.entry() for live in self._live.values()]
            heapq.heapify(self._heap)
        return taken

    def clear(self) -> dict[SequenceId, bool]:
        """Take everything back; answers as `cancel` does."""
        taken = {id: live.next > 0 for id, live in self._live.items()}
        self._live.clear()
        self._heap.clear()
        return taken

    def _steps(self, id: SequenceId, frames: tuple[Frame, ...], ahead_ms: float) -> list[_Step]:
        """The frames made ready, in the order they are played. Raises _RefusedError."""
        if id in self._live:
            raise _RefusedError("repeated")
        if len(self._live) >= MAX_LIVE:
            raise _RefusedError("full")
        first = frames[0].date
        # Dates are whole numbers of any size: their difference is exact, and only then becomes a float.
        length_ms = ahead_ms + (frames[-1].date - first)
        if not (math.isfinite(length_ms) and length_ms <= self._furthest_ms):
            raise _RefusedError("too_far_ahead")
        steps = []
        for order, (index, value, date) in enumerate(frames):
            changes = self._changes(value)
            steps.append(_Step(date - first, _presses(changes), order, self._targets(index), changes))
        steps.sort()
        return steps

    def _changes(self, value: int) -> Changes:
        try:
            changes = decode(value)
        except CodeError as error:
            raise _RefusedError("unknown_value") from error
        deny = self._rules.deny
        # A frame may name a denied control only to let go of it: held states name every control they know.
        if any(amount and control in deny for control, amount in changes):
            raise _RefusedError("denied")
        return changes

    def _targets(self, index: int) -> tuple[int, ...]:
        """1 to 4 that pad; 0 or above 4 every pad; negative nobody (the family's rule for guests)."""
        pads = self._pads.get(index)
        if pads is None and index > 4:
            pads = self._every_pad
        if pads is None:
            raise _RefusedError("no_such_pad")
        return pads


def _presses(changes: Changes) -> bool:
    return any(amount for _, amount in changes)
