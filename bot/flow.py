"""From chat to tunnel: what becomes of every line, and of what a moderator takes back. No I/O, no clock.

    ChatLine -> normalise -> parse -> crowd -> (backlog) -> submit

A command goes straight to the tunnel. It waits in the backlog only while the receiver cannot be reached, or
too much is unanswered, or others wait already. Its frames are dated when it leaves, not when it was typed.

Law of use: after `handle` or `handle_event`, and when `next_timeout` has come, call `handle_timeout`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Final, NamedTuple, Protocol

from bot.backlog import Backlog
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    SourceState,
    Triggered,
    UserCleared,
)
from bot.crowd import Crowd, Verdict
from bot.frames import Plan, dated, plan
from bot.grammar import Parsed, Refused, Talk, parse
from bot.ledger import Ledger
from bot.observer import BotStats, Observer
from bot.text import normalise
from config.controllers import Controller
from config.notes import LABEL, Label
from tunnel.bucket import TokenBucket
from tunnel.events import Connected, Event, Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId
from tunnel.outbox import OutboxFull

# 10,000 commands/s over a round trip of 200 ms. It is half of what the tunnel holds: more unanswered means
# that the line is full, and what waits here instead can still be shed, expire, or be taken back at no cost.
MOST_IN_FLIGHT: Final = 2_048
# Crowds repeat themselves: a few hundred texts are nearly all commands. At worst (64 frames each) 6 MB.
MOST_TEXTS: Final = 1_024
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


class Flow:
    """Judges chat and keeps what is under way in order.

    queue    the most commands that may wait
    explain  tell the log why a line is no command: for the one person who types and reads it, not for a crowd
    """

    def __init__(
        self,
        tunnel: Tunnel,
        controller: Controller,
        crowd: Crowd,
        *,
        queue: int,
        labels: bool,
        explain: bool = False,
        observer: Observer | None = None,
    ) -> None:
        self._tunnel = tunnel
        self._crowd = crowd
        self._explain = explain
        self._observer = observer or Observer()
        self._backlog: Backlog[_Order] = Backlog(queue)
        self._ledger = Ledger()
        self._judge = lru_cache(maxsize=MOST_TEXTS)(partial(_judge, controller=controller))
        self._label_bucket = TokenBucket(LABELS_PER_SECOND, LABELS_PER_SECOND) if labels else None
        self.link_up = False
        self.counters: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many commands wait in the backlog."""
        return len(self._backlog)

    def handle(self, events: Iterable[ChatEvent], now: float) -> None:
        """Takes a batch of a source, all of it at once."""
        for event in events:
            if isinstance(event, ChatLine):
                self._hear(event, now)
            else:
                self._hear_other(event, now)

    def handle_event(self, event: Event) -> None:
        """Takes what the tunnel says. Submits nothing by itself: the tunnel is in the middle of something."""
        match event:
            case Resolved(id, outcome, played_ms):
                self.counters[_COUNTED_AS[outcome]] += 1
                self._observer.resolved(id, outcome, played_ms)
            case Connected() | PeerHeard():
                self._set_link(True)
            case PeerSilent():
                self._set_link(False)
            case _:  # what only a receiver is told
                self.counters["unexpected_events"] += 1

    def handle_timeout(self, now: float) -> None:
        """Drops what waited too long and submits what may leave. Harmless at any time."""
        self._backlog.handle_timeout(now)
        while self._may_submit():
            order = self._backlog.first(now)
            if order is None or not self._submit(order, now):
                return
            self._backlog.drop_first()

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` though nothing happened."""
        return self._backlog.next_timeout()

    def is_idle(self, now: float) -> bool:
        """Whether nothing waits, nothing is unanswered, and nothing is held."""
        self._ledger.forget(now)
        return not (self._backlog or self._tunnel.in_flight or self._ledger)

    def stats(self) -> BotStats:
        """The figures, now."""
        counted = self.counters
        return BotStats(
            lines=counted["lines"],
            talk=counted["talk"],
            refused=counted["refused"],
            limited=counted["user_limit"] + counted["global_limit"],
            commands=counted["commands"],
            shed=self._backlog.counters["shed"],
            late=self._backlog.counters["expired"],
            cancelled=counted["cancelled"],
            applied=counted["applied"],
            stale=counted["stale"],
            declined=counted["declined"],
            lost=counted["lost"],
            waiting=len(self._backlog),
            in_flight=self._tunnel.in_flight,
        )

    def _hear(self, line: ChatLine, now: float) -> None:
        self.counters["lines"] += 1
        text = normalise(line.text)
        judged = self._judge(text)
        if isinstance(judged, Refused | Talk):
            self._decline(judged)
            return
        verdict = self._crowd.admit(line.user, now)
        if verdict is not Verdict.ADMITTED:
            self.counters[verdict.value] += 1
            return
        self.counters["commands"] += 1
        order = _Order(line, text, judged)
        if self._backlog or not self._may_submit() or not self._submit(order, now):
            self._backlog.push(order, now)

    def _decline(self, judged: Refused | Talk) -> None:
        if isinstance(judged, Refused):
            self.counters["refused"] += 1
            if self._explain:
                log.warning("Character %d: %s.", judged.at, judged.error)
            return
        self.counters["talk"] += 1
        if self._explain and self.counters["talk"] == 1:
            log.info("That is talk, not an input. (This is said once.)")

    def _hear_other(
        self, event: UserCleared | MessageDeleted | ChatCleared | Triggered | SourceState, now: float
    ) -> None:
        match event:
            case UserCleared(user):
                self._take_back(lambda order: order.line.user == user)
                self._cancel(self._ledger.of_user(user, now))
            case MessageDeleted(message):
                self._take_back(lambda order: order.line.id == message)
                self._cancel(self._ledger.of_message(message, now))
            case ChatCleared():
                self._take_back(lambda _: True)
                self._tunnel.cancel(())
            case Triggered(kind=kind):
                self.counters[f"triggered_{kind}"] += 1
            case SourceState(up, text, ended):
                log.log(logging.INFO if up or ended else logging.WARNING, "%s", text)
                self._observer.source(event)

    def _take_back(self, unwanted: Callable[[_Order], bool]) -> None:
        self.counters["cancelled"] += self._backlog.remove(unwanted)

    def _cancel(self, ids: tuple[SequenceId, ...]) -> None:
        if ids:  # none would mean everything
            self._tunnel.cancel(ids)

    def _may_submit(self) -> bool:
        return self.link_up and self._tunnel.in_flight < MOST_IN_FLIGHT

    def _submit(self, order: _Order, now: float) -> bool:
        line, text, moves = order
        frames = dated(moves, now)
        try:
            id = self._tunnel.submit(frames)
        except OutboxFull:
            self.counters["outbox_full"] += 1
            return False
        self._ledger.add(id, line.user, line.id, frames[-1].date, now)
        self._observer.command(line, id, text)
        if self._label_bucket is not None and self._label_bucket.take(now):
            self._tunnel.send_note(LABEL, Label(id, line.name, text).pack())
        return True

    def _set_link(self, up: bool) -> None:
        if up != self.link_up:
            self.link_up = up
            log.log(*(_LINK_UP if up else _LINK_DOWN))
            self._observer.link(up)


class _Order(NamedTuple):
    line: ChatLine
    text: str
    plan: Plan


_LINK_UP: Final = (logging.INFO, "The receiver answers. Inputs flow.")
_LINK_DOWN: Final = (logging.WARNING, "The receiver does not answer. Inputs wait, and expire.")

_COUNTED_AS: Final = {
    Outcome.RECEIVED: "received",
    Outcome.APPLIED: "applied",
    Outcome.STALE: "stale",
    Outcome.REFUSED: "declined",
    Outcome.CANCELLED: "cancelled",
    Outcome.LOST: "lost",
}


def _judge(text: str, controller: Controller) -> Plan | Refused | Talk:
    """What the text asks for, dated from zero; or why it asks for nothing."""
    match parse(text, controller):
        case Parsed(steps):
            return plan(steps)
        case refused_or_talk:
            return refused_or_talk
