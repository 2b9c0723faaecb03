"""From chat to tunnel: what becomes of every line, and of what a moderator takes back. No I/O, no clock.

    ChatLine -> normalise -> parse -> crowd -> mode -> dispatch -> tunnel

Law of use: after `handle` or `handle_event`, and when `next_timeout` has come, call `handle_timeout`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Final

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
from bot.dispatch import Dispatch, Tunnel
from bot.grammar import Language, Refused, Talk, parse
from bot.modes.mode import Choice
from bot.observer import BotStats, Observer
from bot.text import normalise
from config.controllers import Controller
from tunnel.events import Event

# Crowds repeat themselves: a few hundred texts are nearly all commands. At worst (64 frames each) 6 MB.
MOST_TEXTS: Final = 1_024

log = logging.getLogger(__name__)


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
        self._dispatch = Dispatch(tunnel, queue=queue, labels=labels, observer=self._observer)
        self._parse = lru_cache(maxsize=MOST_TEXTS)(partial(parse, language=Language(controller)))
        self.counters: Counter[str] = Counter()

    @property
    def link_up(self) -> bool:
        """Whether the receiver answers."""
        return self._dispatch.link_up

    @property
    def waiting(self) -> int:
        """How many commands wait."""
        return self._dispatch.waiting

    def handle(self, events: Iterable[ChatEvent], now: float) -> None:
        """Takes a batch of a source, all of it at once."""
        for event in events:
            if isinstance(event, ChatLine):
                self._hear(event, now)
            else:
                self._hear_other(event, now)

    def handle_event(self, event: Event) -> None:
        """Takes what the tunnel says. Submits nothing by itself: the tunnel is in the middle of something."""
        self._dispatch.handle_event(event)

    def handle_timeout(self, now: float) -> None:
        """Drops what waited too long and submits what may leave. Harmless at any time."""
        self._dispatch.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When to call `handle_timeout` though nothing happened."""
        return self._dispatch.next_timeout()

    def is_idle(self, now: float) -> bool:
        """Whether nothing waits, nothing is unanswered, and nothing is held."""
        return self._dispatch.is_idle(now)

    def stats(self) -> BotStats:
        """The figures, now."""
        counted, sent = self.counters, self._dispatch.counters
        return BotStats(
            lines=counted["lines"],
            talk=counted["talk"],
            asked=0,
            voted=0,
            refused=counted["refused"],
            limited=counted["user_limit"] + counted["global_limit"],
            commands=counted["commands"],
            prompted=0,
            passed_over=0,
            shed=self._dispatch.shed,
            late=self._dispatch.expired,
            cancelled=sent["cancelled"],
            applied=sent["applied"],
            stale=sent["stale"],
            declined=sent["declined"],
            lost=sent["lost"],
            waiting=self._dispatch.waiting,
            in_flight=self._tunnel.in_flight,
        )

    def _hear(self, line: ChatLine, now: float) -> None:
        self.counters["lines"] += 1
        text = normalise(line.text)
        parsed = self._parse(text)
        if isinstance(parsed, Refused | Talk):
            self._decline(parsed)
            return
        verdict = self._crowd.admit(line.user, now)
        if verdict is not Verdict.ADMITTED:
            self.counters[verdict.value] += 1
            return
        self.counters["commands"] += 1
        self._dispatch.send(Choice(parsed.steps, line, line.name, text, line.arrived_ms), now)

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
                self._dispatch.take_back_user(user, now)
            case MessageDeleted(message):
                self._dispatch.take_back_message(message, now)
            case ChatCleared():
                self._dispatch.take_back_all()
            case Triggered(kind=kind):
                self.counters[f"triggered_{kind}"] += 1
            case SourceState(up, text, ended):
                log.log(logging.INFO if up or ended else logging.WARNING, "%s", text)
                self._observer.source(event)
