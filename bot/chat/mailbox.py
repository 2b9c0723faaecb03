"""Where the tasks that hear something leave it for the one that listens. Bounded; for one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Any

from bot.chat.line import ChatEvent

# Past this a writer waits: the bot is behind, and TCP tells the server. One second at 10,000 lines/s.
FULL_AT = 10_000


class Mailbox:
    """Merges what was put since the last take into one batch."""

    def __init__(self) -> None:
        self._events: list[ChatEvent] = []
        self._closed = False
        self._something = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()

    def put(self, events: Sequence[ChatEvent]) -> None:
        """Never waits; whoever brings much awaits `space` before the next."""
        if events:
            self._events += events
            self._something.set()
            if len(self._events) >= FULL_AT:
                self._space.clear()

    @property
    def full(self) -> bool:
        """Whether whoever brings more should wait for `space`."""
        return not self._space.is_set()

    async def space(self) -> None:
        """Returns when there is room again; at once, without a turn of the loop, while there is."""
        if not self._space.is_set():
            await self._space.wait()

    def close(self) -> None:
        """Nothing more will be put."""
        self._closed = True
        self._something.set()

    async def take(self) -> list[ChatEvent]:
        """Everything put so far, as soon as there is something; an empty list once closed and emptied."""
        await self._something.wait()
        events, self._events = self._events, []
        if not self._closed:
            self._something.clear()
        self._space.set()
        return events


Fill = Callable[[Mailbox], Coroutine[Any, Any, None]]


async def batches(*fills: Fill) -> AsyncGenerator[list[ChatEvent], None]:
    """What all of them put into one mailbox, as it is ready together. None of them ever returns: whatever
    ends one ends this, and is raised.
    """
    mailbox = Mailbox()
    feeds = [asyncio.create_task(fill(mailbox)) for fill in fills]
    for feed in feeds:
        feed.add_done_callback(lambda _: mailbox.close())
    try:
        while batch := await mailbox.take():
            yield batch
        for feed in feeds:
            if feed.done():
                await feed
    finally:
        for feed in feeds:
            feed.cancel()
        await asyncio.gather(*feeds, return_exceptions=True)
