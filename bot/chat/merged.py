"""One chat out of several sources that read the same one: whatever two of them tell counts once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.chat.line import ChatCleared, ChatEvent, ChatLine, SourceState, Triggered
from bot.chat.seen import Recent

# Twitch's two ways into a chat are some 100 ms apart; within this, an emptied chat told by both is one.
SAME_ACT_MS = 5_000.0


class Merged:
    """Lets each line and each spending through once, whichever source has it first.

    Bans and deletions pass as often as they are told: the second one finds nothing left to take back, while
    one that was dropped by mistake would leave a button down. An emptied chat concerns everybody, also those
    who wrote since: told by two sources it is one.

    names     of the sources, for the streamer
    is_ours   whether a line is one that we said through another of them
    counters  what was dropped
    """

    def __init__(
        self, names: Sequence[str], is_ours: Callable[[ChatLine, float], bool] | None = None
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._names = tuple(names)
        self._is_ours = is_ours
        self._up = [False] * len(names)
        self._seen = Recent()
        self._cleared: tuple[int, float] | None = None

    def take(self, source: int, events: Iterable[ChatEvent], now: float) -> list[ChatEvent]:
        """What is left of this batch of that source."""
        kept: list[ChatEvent] = []
        for event in events:
            if isinstance(event, SourceState):
                kept.append(self._state(source, event))
            elif isinstance(event, ChatLine) and self._is_ours is not None and self._is_ours(event, now):
                self.counters["echo"] += 1
            elif self._counts(source, event, now):
                kept.append(event)
            else:
                self.counters["told_twice"] += 1
        return kept

    def _counts(self, source: int, event: ChatEvent, now: float) -> bool:
        match event:
            case ChatLine(id=id):
                return self._seen.first_time(id, now)
            case Triggered(id=id, kind=kind):
                return self._seen.first_time(f"{kind} {id}", now)
            case ChatCleared():
                return self._is_new_clear(source, now)
            case _:
                return True

    def _is_new_clear(self, source: int, now: float) -> bool:
        if self._cleared is not None:
            teller, at_ms = self._cleared
            if teller != source and now - at_ms <= SAME_ACT_MS:
                self._cleared = None  # told by both: the next one is another
                return False
        self._cleared = (source, now)
        return True

    def _state(self, source: int, state: SourceState) -> SourceState:
        """The chat is up while one of them is; each says for itself how it is."""
        self._up[source] = state.up
        others = [name for index, name in enumerate(self._names) if self._up[index] and index != source]
        rest = f" {' and '.join(others)} carries on." if others and not state.up else ""
        return replace(state, up=any(self._up), text=f"{self._names[source]}: {state.text}{rest}")
