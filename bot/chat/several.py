"""Several sources of one chat at once: what one of them misses, another has. The shell around `Merged`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from bot.chat.limits import AS_VIEWER, SendingLimits
from bot.chat.line import ChatEvent, ChatLine, ChatVoice
from bot.chat.mailbox import Mailbox, batches
from bot.chat.merged import Merged
from tunnel.wallclock import WallClock


class Source(ChatVoice, Protocol):
    """A source that puts what it hears where it is told to, the moment it hears it."""

    @property
    def limits(self) -> SendingLimits:
        """How fast it may write."""

    async def fill(self, mailbox: Mailbox) -> None:
        """Until cancelled."""


class SeveralSources:
    """Reads all of them, each line once; says through the first that can.

    sources   by the name a streamer knows them by
    is_ours   whether a line that one of them hears was said by us, through another
    counters  what was told twice; each source counts for itself, too
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        clock: WallClock | None = None,
        is_ours: Callable[[ChatLine, float], bool] | None = None,
    ) -> None:
        self._sources = tuple(sources.values())
        self._merged = Merged(tuple(sources), is_ours)
        self._clock = clock or WallClock()

    @property
    def counters(self) -> Counter[str]:
        """What was dropped, and why."""
        return self._merged.counters

    @property
    def can_say(self) -> bool:
        """Whether any of them reaches the chat."""
        return self._speaker() is not None

    @property
    def limits(self) -> SendingLimits:
        """Those of the one that would speak."""
        speaker = self._speaker()
        return AS_VIEWER if speaker is None else speaker.limits

    def say(self, text: str, reply_to: str = "") -> None:
        """Never waits and never raises."""
        speaker = self._speaker()
        if speaker is None:
            self.counters["unsayable"] += 1
        else:
            speaker.say(text, reply_to)

    def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches, as whichever source was first had them."""
        return batches(*(partial(self._feed, source, number) for number, source in enumerate(self._sources)))

    async def _feed(self, source: Source, number: int, mailbox: Mailbox) -> None:
        await source.fill(_Slot(mailbox, self._merged, number, self._clock))

    def _speaker(self) -> Source | None:
        """Not decided once: a login may be lost, and found again."""
        return next((source for source in self._sources if source.can_say), None)


class _Slot(Mailbox):
    """One source's way into the common mailbox: merged within the call, so that no line waits for a task."""

    def __init__(self, into: Mailbox, merged: Merged, number: int, clock: WallClock) -> None:
        super().__init__()
        self._into = into
        self._merged = merged
        self._number = number
        self._clock = clock

    def put(self, events: Sequence[ChatEvent]) -> None:
        """What the others have not said."""
        if events:
            self._into.put(self._merged.take(self._number, events, self._clock.now()))

    @property
    def full(self) -> bool:
        """Whether the common one is."""
        return self._into.full

    async def space(self) -> None:
        """Of the common one."""
        await self._into.space()
