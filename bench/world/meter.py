"""Measures one run from both ends at once: one process, one clock, so a latency is one subtraction."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from bench.world.summary import Latencies, nearest_rank
from bot.chat.line import SourceState
from bot.modes.mode import Choice
from bot.observer import Observer as BotObserver
from tunnel.events import Outcome
from tunnel.frame import SequenceId
from web.feed import Feed
from web.screen import Screen

# Six seconds at 10,000 a second: by then a copy would be stale and not be played anyway.
PLAYED_KEPT: Final = 65_536
# The page's figures are those of the last minute or so, or the first hiccup would stand there for ever.
RECENT: Final = 500


class Meter:
    """Told when a line's sequence left, when it reached the device, and when it is over."""

    def __init__(self) -> None:
        self.latencies = Latencies()
        self.doubled = 0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._since: dict[int, float] = {}
        self._played: OrderedDict[int, None] = OrderedDict()

    def left(self, id: int, since_ms: float) -> None:
        """This sequence left the bot. It was asked for, or decided, at `since_ms`."""
        self._since[id] = since_ms

    def played(self, id: int, at_ms: float) -> None:
        """The sequence's first frame reached the device."""
        if id in self._played:
            self.doubled += 1
            return
        self._played[id] = None
        if len(self._played) > PLAYED_KEPT:
            self._played.popitem(last=False)
        since = self._since.get(id)
        if since is not None:
            self.latencies.add(at_ms - since)
            self._recent.append(at_ms - since)

    def over(self, id: int) -> None:
        """The bot knows what became of the sequence."""
        self._since.pop(id, None)

    def recent(self) -> dict[str, float | None]:
        """The latest median and 99th percentile, for the page."""
        ordered = sorted(self._recent)
        return {"p50": nearest_rank(ordered, 50), "p99": nearest_rank(ordered, 99)}


class BotMeter(BotObserver):
    """The meter's eye on the bot, and the page's on its chat. `now` is the program's clock.

    A viewer's own input counts from its arrival, so what it waited in its mode is in it. A vote's result is
    nobody's own, and the votes were meant to take their time: it counts from the decision.
    """

    def __init__(self, meter: Meter, feed: Feed, now: Callable[[], float]) -> None:
        self._meter = meter
        self._feed = feed
        self._now = now

    def command(self, choice: Choice, id: SequenceId) -> None:
        self._meter.left(id, self._now() if choice.line is None else choice.since_ms)

    def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
        self._meter.over(id)

    def source(self, state: SourceState) -> None:
        self._feed.chat(state.up, state.text)


class PadMeter(Screen):
    """The meter's eye on the receiver, and the page's."""

    def __init__(self, meter: Meter, feed: Feed) -> None:
        super().__init__(feed)
        self._meter = meter

    def played(self, id: int, at_ms: float) -> None:
        self._meter.played(id, at_ms)
        super().played(id, at_ms)
