"""The sender's side of "once, or reported": what has been submitted and is not yet answered for.

An order leaves at once and is sent again until the receiver says what became of it. Once it is too old to be
played, sending it again is pointless; then the receiver is asked instead, and by being asked it promises
never to play it. Only an order nobody answered for until `give_up_after` is reported lost: played or not,
nobody knows.

    NEW --sent--> SENT --receipt: received--> HELD --receipt--> settled
                   |  ^ resend timer           |
                   |--+                        |
                   +------ too old ------------+--> DOUBTFUL --receipt, or give up--> settled

Law of use: after `add`, call `fresh`; when `next_timeout` has come, call `due`.
"""

from __future__ import annotations

import enum
import heapq
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from tunnel.events import Outcome
from tunnel.frame import ID_RANGE, Frame, SequenceId, check_frames, pack_frames
from tunnel.messages import MAX_TARGETS, pack_cancel, pack_sequence, packs

# 10,000 commands/s with a round trip of 100 ms leave 1,000 unanswered; four times that is a broken link.
CAPACITY: Final = 4096
# A datagram has room for 33 of the smallest records; looking at twice that many bounds the search.
_RIDERS: Final = 64
# The resend timer doubles twice at most: by then the order is nearly too old to matter.
_MAX_BACKOFF: Final = 4
# Timers of answered orders that may lie about before they are swept out.
_SPENT_TIMERS: Final = 1024


class OutboxFull(Exception):  # noqa: N818  a state of the link, not a fault
    """Too many orders unanswered: the caller keeps the rest to itself until some are settled."""


class Stage(enum.Enum):
    """How far an order has come; see the picture above."""

    NEW = enum.auto()
    SENT = enum.auto()
    HELD = enum.auto()
    DOUBTFUL = enum.auto()


@dataclass(slots=True)
class Entry:
    """One unanswered order. Times in milliseconds on the sender's clock."""

    id: SequenceId
    record: bytes
    date: float
    is_cancel: bool
    stage: Stage = Stage.NEW
    first_sent: float = float("-inf")
    last_sent: float = float("-inf")
    due: float = 0.0
    backoff: int = 1


@dataclass(slots=True)
class Due:
    """What has to be done now: send these again, ask about those, report the rest."""

    resend: list[Entry] = field(default_factory=list)
    inquire: list[SequenceId] = field(default_factory=list)
    expired: list[Entry] = field(default_factory=list)
    lost: list[Entry] = field(default_factory=list)


class Outbox:
    """Unanswered orders, oldest first. Times in milliseconds; ids count modulo 2^32."""

    def __init__(self, *, stale_after: float, give_up_after: float, inquire_every: float) -> None:
        self._stale_after = stale_after
        self._give_up_after = give_up_after
        self._inquire_every = inquire_every
        self._next_id = 1
        self._entries: dict[SequenceId, Entry] = {}
        self._unanswered: dict[SequenceId, Entry] = {}  # those in stage SENT, in the order they first left
        self._new: list[Entry] = []
        self._timers: list[tuple[float, SequenceId]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, frames: tuple[Frame, ...], now: float) -> SequenceId:
        """A new sequence. Raises OutboxFull, or FrameError for frames that are no sequence."""
        check_frames(frames)
        packed = pack_frames(frames)
        id = self._take_id()
        return self._enter(Entry(id, pack_sequence(id, packed), frames[0].date, is_cancel=False), now)

    def add_cancel(self, targets: tuple[SequenceId, ...], now: float) -> SequenceId:
        """Takes back up to 64 sequences; none means everything. May exceed the capacity: it only releases."""
        if len(targets) > MAX_TARGETS:
            raise ValueError(f"one cancel names at most {MAX_TARGETS} sequences")
        id = self._take_id(urgent=True)
        return self._enter(Entry(id, pack_cancel(id, targets), now, is_cancel=True), now)

    def has_new(self) -> bool:
        """Whether something waits to be sent for the first time."""
        return bool(self._new)

    def fresh(self, now: float, timeout: float, room: int, spacing: float) -> list[list[bytes]]:
        """Everything new, in packs of records of at most `room` bytes each.

        What room is left carries older unanswered orders, oldest first, if they last left `spacing` ago: a
        copy that rides along on a datagram that leaves anyway heals a loss without any timer.
        """
        new, self._new = self._new, []
        leaving = [entry for entry in new if entry.id in self._entries]
        for entry in leaving:
            self._mark_sent(entry, now, timeout)
        *full, last = packs([entry.record for entry in leaving], room) or [[]]
        if last:
            self._ride_along(last, room - sum(map(len, last)), now, spacing)
            full.append(last)
        return full

    def due(self, now: float) -> Due:
        """What the time that has come asks for. Harmless to call too early."""
        result = Due()
        while self._timers and self._timers[0][0] <= now:
            moment, id = heapq.heappop(self._timers)
            entry = self._entries.get(id)
            if entry is not None and entry.due == moment:
                self._fall_due(entry, now, result)
        return result

    def again(self, entries: list[Entry], now: float, timeout: float, room: int) -> list[list[bytes]]:
        """The records of `entries`, in packs as from `fresh`."""
        overdue = [entry for entry in entries if entry.id in self._unanswered]  # some were answered meanwhile
        for entry in overdue:
            entry.backoff = min(entry.backoff * 2, _MAX_BACKOFF)
            self._mark_sent(entry, now, timeout)
        return packs([entry.record for entry in overdue], room)

    def answer(self, id: SequenceId, outcome: Outcome) -> Entry | None:
        """A receipt came. Returns the entry if this settles it, None if there is nothing to tell."""
        entry = self._entries.get(id)
        if entry is None:
            return None
        self._unanswered.pop(id, None)
        if outcome is Outcome.RECEIVED:
            if entry.stage in (Stage.NEW, Stage.SENT):
                entry.stage = Stage.HELD
                self._set_due(entry, max(entry.date, entry.last_sent) + self._inquire_every)
            return None
        del self._entries[id]
        return entry

    def abandon(self) -> list[Entry]:
        """The peer started anew and remembers nothing: everything that may have reached it is given up."""
        gone = [entry for entry in self._entries.values() if entry.stage is not Stage.NEW]
        for entry in gone:
            del self._entries[entry.id]
        self._unanswered.clear()
        return gone

    def oldest_unanswered(self) -> float | None:
        """When the oldest order that still waits for its first answer first left; None if none does."""
        for entry in self._unanswered.values():
            return entry.first_sent
        return None

    def is_open(self, id: SequenceId) -> bool:
        """Whether it is not settled yet."""
        return id in self._entries

    def next_timeout(self) -> float | None:
        """When to call `due`."""
        while self._timers:
            moment, id = self._timers[0]
            entry = self._entries.get(id)
            if entry is not None and entry.due == moment:
                return moment
            heapq.heappop(self._timers)
        return None

    def _take_id(self, *, urgent: bool = False) -> SequenceId:
        if len(self._entries) >= CAPACITY and not urgent:
            raise OutboxFull(f"{CAPACITY} sequences are unanswered")
        id = SequenceId(self._next_id)
        self._next_id = (self._next_id + 1) % ID_RANGE
        return id

    def _enter(self, entry: Entry, now: float) -> SequenceId:
        self._entries[entry.id] = entry
        self._new.append(entry)
        deadline = self._give_up_after if entry.is_cancel else self._stale_after
        self._set_due(entry, max(entry.date, now) + deadline)
        return entry.id

    def _ride_along(self, pack: list[bytes], room: int, now: float, spacing: float) -> None:
        for entry in islice(self._unanswered.values(), _RIDERS):
            if len(entry.record) > room:
                return
            if now - entry.last_sent >= spacing:
                pack.append(entry.record)
                room -= len(entry.record)
                entry.last_sent = now  # the resend timer stays: a ride on a dead path must not put it off

    def _mark_sent(self, entry: Entry, now: float, timeout: float) -> None:
        if entry.stage is Stage.NEW:
            entry.stage = Stage.SENT
            entry.first_sent = now
            self._unanswered[entry.id] = entry
        entry.last_sent = now
        self._set_due(entry, now + timeout * entry.backoff)

    def _fall_due(self, entry: Entry, now: float, result: Due) -> None:
        age = now - entry.date
        if entry.stage is Stage.NEW:
            self._forget(entry)
            result.expired.append(entry)
        elif age >= self._give_up_after:
            self._forget(entry)
            result.lost.append(entry)
        elif entry.stage is Stage.SENT and (entry.is_cancel or age < self._stale_after):
            result.resend.append(entry)
            self._set_due(entry, now + self._inquire_every)  # for as long as nothing can leave
        else:
            entry.stage = Stage.DOUBTFUL
            self._unanswered.pop(entry.id, None)
            result.inquire.append(entry.id)
            self._set_due(entry, now + self._inquire_every)

    def _forget(self, entry: Entry) -> None:
        del self._entries[entry.id]
        self._unanswered.pop(entry.id, None)

    def _set_due(self, entry: Entry, moment: float) -> None:
        entry.due = moment
        heapq.heappush(self._timers, (moment, entry.id))
        if len(self._timers) > 4 * len(self._entries) + _SPENT_TIMERS:
            self._timers = [(entry.due, entry.id) for entry in self._entries.values()]
            heapq.heapify(self._timers)
