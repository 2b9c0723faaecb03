"""Writes changes down beside the game: never in its way, in their order, again if the disk does not do it.

What moderators do is written at once. What is known of viewers is gathered every few seconds, for it changes
with every line: so a killed bot forgets their last `EVERY_MS`, and nothing that a moderator was told is done
for longer than it takes to write it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from bot.changes import Change, PersonSeen
from bot.storage.file import StoreError

# What a crash costs of the viewers' counts. At 10,000 lines/s of 5,000 viewers it is three batches a time.
EVERY_MS: Final = 5_000.0
# Moderators' changes that may wait for a disk that does not do it: days of them.
MOST_WAITING: Final = 10_000
# People in one transaction. A batch that is not full is the last one until the next time.
_BATCH: Final = 2_000
# A full disk is seldom emptied within a second, and nobody waits for it: the game goes on.
FIRST_RETRY_MS: Final = 1_000.0
LONGEST_RETRY_MS: Final = 60_000.0
# Ctrl-C ends the bot within a second, and this is a part of that.
CLOSE_MS: Final = 500.0
_CLOSING_RETRY_S: Final = 0.05

log = logging.getLogger(__name__)


class Disk(Protocol):
    """What this needs of bot.store.Store."""

    def write(self, changes: Sequence[Change], /) -> None: ...
    def close(self) -> None: ...


class StoreWriter:
    """The way to the store from the event loop.

    Law of use: `put` at any time; `run` as a task; when that has ended, `close`. The store is the writer's
    from then on.

    gather   returns what is new about viewers, at most as many as asked (bot.viewers.people.People.changes)
    counters  written, failed (attempts), lost (changes that were not written, and never will be)
    """

    def __init__(
        self,
        store: Disk,
        gather: Callable[[int], list[PersonSeen]] = lambda _: [],
        *,
        every_ms: float = EVERY_MS,
        first_retry_ms: float = FIRST_RETRY_MS,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._store = store
        self._gather = gather
        self._every_ms = every_ms
        self._first_retry_ms = first_retry_ms
        self._most_waiting = most_waiting
        self._waiting: deque[Change] = deque()
        self._batch: list[Change] = []  # what is being written, until it is
        self._writing: asyncio.Future[None] | None = None
        self._failures = 0
        self._wake = asyncio.Event()
        self.counters: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """How many changes are not written yet, besides those not gathered yet."""
        return len(self._waiting) + len(self._batch)

    def put(self, change: Change) -> None:
        """Has it written soon. Never waits; past the bound it is counted, and lasts until the bot ends."""
        if len(self._waiting) >= self._most_waiting:
            if not self.counters["lost"]:
                log.error("Too much waits to be stored: what is set from now on lasts until the bot ends.")
            self.counters["lost"] += 1
            return
        self._waiting.append(change)
        self._wake.set()

    async def run(self) -> None:
        """Writes until cancelled. What is under way then, `close` finishes."""
        while True:
            if self._failures:
                await asyncio.sleep(self._retry_ms() / 1000)
            elif not self._waiting:
                await self._until_due()
            await self._write_batches()

    async def close(self, within_ms: float = CLOSE_MS) -> None:
        """Writes what is left and closes the store; what is not done in time is counted, and told."""
        try:
            async with asyncio.timeout(within_ms / 1000):
                while self._take_batch():
                    if not await self._write():
                        await asyncio.sleep(_CLOSING_RETRY_S)
                await _in_a_thread(self._store.close)
        except TimeoutError:
            # A thread may still sit in a write: the store is left to it. A write is whole or not at all.
            if self.waiting:
                self.counters["lost"] += self.waiting
                log.error("%d changes could not be stored in time; they are lost.", self.waiting)

    async def _until_due(self) -> None:
        """Until something is put, or viewers are to be written again."""
        self._wake.clear()
        try:
            async with asyncio.timeout(self._every_ms / 1000):
                await self._wake.wait()
        except TimeoutError:
            pass  # the time has come

    async def _write_batches(self) -> None:
        """Writes what there is. Viewers go on changing meanwhile: a batch that is not full is the last."""
        is_last = False
        while not is_last and self._take_batch():
            is_last = len(self._batch) < _BATCH
            if not await self._write():
                return

    def _take_batch(self) -> bool:
        """Whether there is anything to write. What failed comes before anything newer."""
        if not self._batch:
            self._batch = [*self._waiting, *self._gather(_BATCH)]
            self._waiting.clear()
        return bool(self._batch)

    async def _write(self) -> bool:
        """Writes the batch; whether that went well.

        Cancelled, it leaves the write under way, and the next call learns how it ended: written twice,
        counts would count twice.
        """
        if self._writing is None:
            self._writing = _in_a_thread(self._store.write, self._batch)
        try:
            await asyncio.shield(self._writing)
        except StoreError as error:
            self._writing = None
            self._fail(error)
            return False
        self._writing = None
        self.counters["written"] += len(self._batch)
        self._batch = []
        if self._failures:
            log.info("The store can be written again.")
        self._failures = 0
        return True

    def _retry_ms(self) -> float:
        return min(LONGEST_RETRY_MS, self._first_retry_ms * 2.0 ** min(self._failures - 1, 16))

    def _fail(self, error: StoreError) -> None:
        self._failures += 1
        self.counters["failed"] += 1
        if self._failures == 1:
            log.error("%s. The game goes on; what is to be stored waits, and is tried again.", error)


def _in_a_thread(work: Callable[..., None], *arguments: object) -> asyncio.Future[None]:
    """Does `work` in a thread that no exit waits for: a disk that hangs must not hang the bot."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
            done.exception()  # nobody may be left to ask: that is no news then

    def run() -> None:
        error = None
        try:
            work(*arguments)
        except Exception as raised:  # noqa: BLE001  # whoever awaits the future gets it
            error = raised
        try:
            loop.call_soon_threadsafe(settle, error)
        except RuntimeError:
            pass  # the loop has closed: nobody waits any more

    threading.Thread(target=run, name="store", daemon=True).start()
    return done
