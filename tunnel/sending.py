"""The sender's half of a session: orders out, receipts in, and the facts that follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tunnel.channel import SIGNED_OVERHEAD
from tunnel.clock import PeerClock
from tunnel.envelope import MAX_DATAGRAM
from tunnel.events import Event, Outcome, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.messages import INQUIRY, MAX_TARGETS, SENT_SIZE, Receipts, near, pack_ids, pack_item
from tunnel.outbox import Entry, Outbox
from tunnel.timing import FURTHEST_MS, Timing

_ROOM: Final = MAX_DATAGRAM - SIGNED_OVERHEAD - SENT_SIZE
_INQUIRY_IDS: Final = 64
# An order that left less than this ago has hardly had time to be answered, not even on loopback.
_SHORTEST_SPACING_MS: Final = 5.0


class Sending:
    """Owns the outbox. `now` in milliseconds."""

    def __init__(self, timing: Timing) -> None:
        self._outbox = Outbox(
            stale_after=timing.stale_after,
            give_up_after=timing.give_up_after,
            inquire_every=timing.inquire_every,
        )
        self._overdue: dict[SequenceId, Entry] = {}
        self._inquiries: dict[SequenceId, None] = {}
        self.last_date = float("-inf")  # when the last frame submitted so far is meant to happen
        self.lively_since = float("-inf")  # when inputs began to flow after the last pause

    def __len__(self) -> int:
        return len(self._outbox)

    def submit(self, frames: tuple[Frame, ...], now: float) -> SequenceId:
        """Raises OutboxFull or FrameError."""
        id = self._outbox.add(frames, now)
        if now > self.last_date:
            self.lively_since = now
        self.last_date = max(self.last_date, min(frames[-1].date, now + FURTHEST_MS))
        return id

    def cancel(self, ids: Iterable[SequenceId], now: float) -> None:
        """Takes sequences back; no ids means everything."""
        targets = tuple(ids)
        if not targets:
            self._outbox.add_cancel((), now)
        for start in range(0, len(targets), MAX_TARGETS):
            self._outbox.add_cancel(targets[start : start + MAX_TARGETS], now)

    def fresh(self, clock: PeerClock, now: float) -> list[list[bytes]]:
        """Packs of records that leave now for the first time, each for one datagram."""
        if not self._outbox.has_new():
            return []
        spacing = max((clock.round_trip or 0.0) / 2, _SHORTEST_SPACING_MS)
        return self._outbox.fresh(now, clock.resend_timeout, _ROOM, spacing)

    def again(self, clock: PeerClock, now: float) -> list[list[bytes]]:
        """Packs of records whose answer is overdue."""
        overdue, self._overdue = self._overdue, {}
        return self._outbox.again(list(overdue.values()), now, clock.resend_timeout, _ROOM)

    def inquiries(self) -> list[bytes]:
        """Items that ask what became of orders too old to send again."""
        ids = [id for id in self._inquiries if self._outbox.is_open(id)]
        self._inquiries.clear()
        return [
            pack_item(INQUIRY, pack_ids(ids[start : start + _INQUIRY_IDS]))
            for start in range(0, len(ids), _INQUIRY_IDS)
        ]

    def receipts_came(self, receipts: Receipts, now: float) -> list[Event]:
        """What the receiver says became of orders."""
        events: list[Event] = []
        for id, outcome, at in receipts.receipts:
            entry = self._outbox.answer(id, outcome)
            if entry is not None and not entry.is_cancel:
                played = near(at, now) if outcome is Outcome.APPLIED else None
                events.append(Resolved(id, outcome, played))
        return events

    def handle_timeout(self, now: float) -> list[Event]:
        """Notes what has to be sent again or asked; reports what is over. Harmless to call too early."""
        due = self._outbox.due(now)
        self._overdue.update((entry.id, entry) for entry in due.resend)
        self._inquiries.update((id, None) for id in due.inquire)
        return _resolved(due.expired, Outcome.STALE) + _resolved(due.lost, Outcome.LOST)

    def peer_restarted(self) -> list[Event]:
        """What may have reached the receiver's last run cannot be asked for any more, nor safely sent
        again.
        """
        self._overdue.clear()
        self._inquiries.clear()
        return _resolved(self._outbox.abandon(), Outcome.LOST)

    def unanswered_for(self, now: float) -> float:
        """How long the oldest order has been waiting for its first answer."""
        since = self._outbox.oldest_unanswered()
        return 0.0 if since is None else now - since

    def next_timeout(self) -> float:
        """When to call `handle_timeout`; infinity if there is nothing to wait for."""
        moment = self._outbox.next_timeout()
        return float("inf") if moment is None else moment


def _resolved(entries: list[Entry], outcome: Outcome) -> list[Event]:
    return [Resolved(entry.id, outcome, None) for entry in entries if not entry.is_cancel]
