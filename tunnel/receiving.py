"""The receiver's half of a session: orders in, each once, and receipts out."""

from __future__ import annotations

from collections import Counter
from typing import Final

from tunnel.clock import PeerClock
from tunnel.envelope import MAX_DATAGRAM, SEALED_OVERHEAD
from tunnel.events import CancelArrived, Event, Outcome, SequenceArrived
from tunnel.frame import ID_RANGE, FrameError, Sequence, SequenceId, is_before, unpack_frames
from tunnel.inbox import MEMORY, Inbox
from tunnel.messages import (
    ITEM_OVERHEAD,
    NOTHING_ECHOED,
    RECEIPT_SIZE,
    RECEIPTS_OVERHEAD,
    SENT_SIZE,
    Receipt,
    Record,
    micros,
    pack_receipts,
    parse_ids,
)
from tunnel.timing import FURTHEST_MS

_ROOM: Final = MAX_DATAGRAM - SEALED_OVERHEAD - SENT_SIZE - ITEM_OVERHEAD - RECEIPTS_OVERHEAD
_RECEIPTS_PER_ITEM: Final = _ROOM // RECEIPT_SIZE
# What waits for its receipt between two turns of the loop; the sender asks again for whatever is dropped.
_MAX_WAITING: Final = 8192


class Receiving:
    """Owns the inbox. `now` in milliseconds."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._inbox = Inbox()
        self._cancelled_below: SequenceId | None = None
        self._waiting: dict[SequenceId, None] = {}  # whose receipts are due, in order of arrival
        self._inputs: tuple[int, float] | None = None  # when the last ones were sent (wire) and came
        self.last_date = float("-inf")  # when the last frame received so far is meant to happen, our clock

    def inputs_came(self, sent: int, records: list[Record], clock: PeerClock, now: float) -> list[Event]:
        """The orders of one datagram; what has been seen before is answered and not told again."""
        events: list[Event] = []
        for record in records:
            self._owe_receipt(record.id)
            if self._inbox.admit(record.id):
                self._inputs = (sent, now)  # a copy that was held back says nothing about the round trip
                event = self._order(record, clock, now)
                if event is not None:
                    events.append(event)
            else:
                self._counters["sequences seen again"] += 1
        return events

    def report(self, id: SequenceId, outcome: Outcome, clock: PeerClock, now: float) -> None:
        """The program above says what became of a sequence; the sender will be told.

        A report about an id that this run of the sender has not used speaks of the run before, and is
        ignored.
        """
        if self._inbox.outcome(id) is None:
            self._counters["reports of another run"] += 1
            return
        self._inbox.settle(id, outcome, micros(clock.to_peer(now)))
        self._owe_receipt(id)

    def inquiry_came(self, ids: tuple[SequenceId, ...]) -> None:
        """The sender asks; what was never seen will never be played."""
        for id in ids:
            self._inbox.answer_for(id)
            self._owe_receipt(id)

    def receipts(self, now: float) -> list[bytes]:
        """Items with every receipt that is due."""
        if not self._waiting:
            return []
        ids = list(self._waiting)
        self._waiting.clear()
        sent, came = self._inputs or (0, None)
        held = NOTHING_ECHOED if came is None else int((now - came) * 1000)
        return [
            pack_receipts(sent, held, map(self._receipt, ids[start : start + _RECEIPTS_PER_ITEM]))
            for start in range(0, len(ids), _RECEIPTS_PER_ITEM)
        ]

    def has_receipts(self) -> bool:
        """Whether `receipts` would say anything."""
        return bool(self._waiting)

    def peer_restarted(self) -> None:
        """Another run of the sender: its ids begin anew."""
        self._inbox = Inbox()
        self._cancelled_below = None
        self._waiting.clear()
        self._inputs = None
        self.last_date = float("-inf")

    def _order(self, record: Record, clock: PeerClock, now: float) -> Event | None:
        if record.is_cancel:
            return self._cancel(record, clock, now)
        if self._is_cancelled(record.id):
            self._inbox.settle(record.id, Outcome.CANCELLED, micros(clock.to_peer(now)))
            return None
        try:
            sequence = Sequence(record.id, unpack_frames(record.body))
        except FrameError:
            self._inbox.settle(record.id, Outcome.REFUSED, micros(clock.to_peer(now)))
            self._counters["sequences refused"] += 1
            return None
        start = clock.to_local(sequence.date)
        end = min(clock.to_local(sequence.frames[-1].date), now + FURTHEST_MS)
        self.last_date = max(self.last_date, end)
        return SequenceArrived(sequence, start, now - start + clock.uncertainty)

    def _cancel(self, record: Record, clock: PeerClock, now: float) -> Event:
        targets = parse_ids(record.body)
        moment = micros(clock.to_peer(now))
        for target in targets:
            # Its sequence may still be under way on a slower path; it must not be played after this.
            if self._inbox.admit(target):
                self._inbox.settle(target, Outcome.CANCELLED, moment)
        if not targets and not self._is_cancelled(record.id):
            self._cancelled_below = record.id
        self._inbox.settle(record.id, Outcome.APPLIED, moment)
        return CancelArrived(targets, record.id)

    def _is_cancelled(self, id: SequenceId) -> bool:
        """Whether a "take back everything" came that was said after this."""
        below = self._cancelled_below
        if below is None or not is_before(id, below):
            return False
        if (below - id) % ID_RANGE > MEMORY:  # so far behind it is stale anyway, or the ids have wrapped
            self._cancelled_below = None
            return False
        return True

    def _owe_receipt(self, id: SequenceId) -> None:
        if len(self._waiting) < _MAX_WAITING:
            self._waiting[id] = None
        else:
            self._counters["receipts dropped"] += 1

    def _receipt(self, id: SequenceId) -> Receipt:
        outcome = self._inbox.outcome(id)
        return Receipt(id, Outcome.STALE if outcome is None else outcome, self._inbox.moment(id))
