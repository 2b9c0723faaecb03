"""From what was chosen to the tunnel: dates it, holds it back while the line is down, takes it back. Pure.

A choice goes straight to the tunnel. It waits in the backlog only while the receiver cannot be reached, or
too much is unanswered, or others wait already. Its frames are dated when it leaves, not when it was typed.

Law of use: after any call, and when `next_timeout` has come, call `handle_timeout`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Protocol

from bot.modes.mode import Choice, Owner
from bot.observer import Observer
from bot.sending.backlog import Backlog
from bot.sending.frames import Plan, dated, plan
from bot.sending.ledger import Ledger
from bot.sequence import Step, moves_of
from config.controllers import Move
from config.notes import LABEL, Label
from tunnel.bucket import TokenBucket
from tunnel.events import Connected, Event, Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.outbox import OutboxFull

# 10,000 commands/s over a round trip of 200 ms. It is half of what the tunnel holds: more unanswered means
# that the line is full, and what waits here instead can still be shed, expire, or be taken back at no cost.
MOST_IN_FLIGHT: Final = 2_048
# Crowds repeat themselves: a few hundred inputs are nearly all commands. At worst (64 frames each) 6 MB.
MOST_PLANS: Final = 1_024
# More names than that in a second nobody can read on a screen, and they must not crowd out inputs.
LABELS_PER_SECOND: Final = 20

log = logging.getLogger(__name__)


class Tunnel(Protocol):
    """What this needs of `tunnel.endpoint.Endpoint`."""

    @property
    def in_flight(self) -> int: ...
    def submit(self, frames: tuple[Frame, ...]) -> SequenceId: ...
    def cancel(self, ids: Iterable[SequenceId]) -> None: ...
    def send_note(self, kind: int, body: bytes) -> None: ...


class Dispatch:
    """The way out.

    queue      the most choices that may wait here
    labels     tell the receiver who asked for what
    may_leave  whether a choice that waited here is still allowed, at that moment
    counters  `sent`, `outbox_full`, and what became of what was sent: `applied`, `stale`, ...
    """

    def __init__(
        self,
        tunnel: Tunnel,
        *,
        queue: int,
        labels: bool,
        observer: Observer,
        may_leave: Callable[[Choice, float], bool] = lambda choice, now: True,
    ) -> None:
        self._tunnel = tunnel
        self._may_leave = may_leave
        self._observer = observer
        self._backlog: Backlog[Choice] = Backlog(queue)
        self._ledger = Ledger()
        self._plan = lru_cache(maxsize=MOST_PLANS)(_plan)
        self._label_bucket = TokenBucket(LABELS_PER_SECOND, LABELS_PER_SECOND) if labels else None
        self._owners: dict[SequenceId, str] = {}  # of what is in flight, which the tunnel bounds
        self.link_up = False
        self.counters: Counter[str] = Counter()

    @property
    def in_flight(self) -> int:
        """How many sequences are unanswered."""
        return self._tunnel.in_flight

    @property
    def waiting(self) -> int:
        """How many choices wait here."""
        return len(self._backlog)

    @property
    def shed(self) -> int:
        """How many were pushed out of the full queue."""
        return self._backlog.counters["shed"]

    @property
    def expired(self) -> int:
        """How many waited until they were of no use."""
        return self._backlog.counters["expired"]

    def send(self, choice: Choice, now: float) -> None:
        """Sends it, or keeps it until that is possible or in vain."""
        if self._backlog or not self._may_submit() or not self._submit(choice, now):
            self._backlog.push(choice, now)

    def take_back(self, unwanted: Callable[[Owner, frozenset[Move]], bool], now: float) -> None:
        """Whatever waits, is under way or is held, and is `unwanted` for whose it is and what it presses.

        What is nobody's own, such as the result of a vote, has an owner without a name.
        """
        self.counters["cancelled"] += self._backlog.remove(
            lambda choice: unwanted(choice.owner, choice.moves)
        )
        ids = self._ledger.find(unwanted, now)
        if ids:  # none would mean everything
            self._tunnel.cancel(ids)

    def take_back_all(self) -> None:
        """Everything, whoever it belongs to, whether this program sent it or the one before it."""
        self.counters["cancelled"] += self._backlog.remove(lambda _: True)
        self._tunnel.cancel(())

    def handle_event(self, event: Event) -> str:
        """Takes what the tunnel says; of a sequence that is over, says whose it was (or nothing).

        Submits nothing by itself: the tunnel is in the middle of something.
        """
        match event:
            case Resolved(id, outcome, played_ms):
                self.counters[COUNTED_AS[outcome]] += 1
                self._observer.resolved(id, outcome, played_ms)
                return self._owners.pop(id, "")
            case Connected() | PeerHeard():
                self._set_link(True)
            case PeerSilent():
                self._set_link(False)
            case _:  # what only a receiver is told
                self.counters["unexpected_events"] += 1
        return ""

    def handle_timeout(self, now: float) -> None:
        """Drops what waited too long and submits what may leave. Harmless at any time."""
        self._backlog.handle_timeout(now)
        while self._may_submit():
            choice = self._backlog.first(now)
            if choice is None:
                return
            if not self._may_leave(choice, now):
                self.counters["cancelled"] += 1
            elif not self._submit(choice, now):
                return
            self._backlog.drop_first()

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` though nothing happened."""
        return self._backlog.next_timeout()

    def is_idle(self, now: float) -> bool:
        """Whether nothing waits here, nothing is unanswered, and nothing is held."""
        self._ledger.forget(now)
        return not (self._backlog or self._tunnel.in_flight or self._ledger)

    def _may_submit(self) -> bool:
        return self.link_up and self._tunnel.in_flight < MOST_IN_FLIGHT

    def _submit(self, choice: Choice, now: float) -> bool:
        planned, moves = self._plan(choice.steps)
        frames = dated(planned, now)
        try:
            id = self._tunnel.submit(frames)
        except OutboxFull:
            self.counters["outbox_full"] += 1
            return False
        self.counters["sent"] += 1
        if choice.line is not None:
            self._owners[id] = choice.line.user
        if choice.asked is not None:
            moves = choice.asked
        self._ledger.add(id, choice.owner, moves, frames[-1].date, now)
        self._observer.command(choice, id)
        if self._label_bucket is not None and self._label_bucket.take(now):
            self._tunnel.send_note(LABEL, Label(id, choice.name, choice.text).pack())
        return True

    def _set_link(self, up: bool) -> None:
        if up != self.link_up:
            self.link_up = up
            log.log(*(_LINK_UP if up else _LINK_DOWN))
            self._observer.link(up)


def _plan(steps: tuple[Step, ...]) -> tuple[Plan, frozenset[Move]]:
    return plan(steps), moves_of(steps)


_LINK_UP: Final = (logging.INFO, "The receiver answers. Inputs flow.")
_LINK_DOWN: Final = (logging.WARNING, "The receiver does not answer. Inputs wait, and expire.")

COUNTED_AS: Final = {
    Outcome.RECEIVED: "received",
    Outcome.APPLIED: "applied",
    Outcome.STALE: "stale",
    Outcome.REFUSED: "declined",
    Outcome.CANCELLED: "cancelled",
    Outcome.LOST: "lost",
}
