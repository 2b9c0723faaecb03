from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.changes import Change, PersonSeen, SettingChanged
from bot.storage.file import StoreError
from bot.storage.writer import StoreWriter
from bot.store import Store


class FakeDisk:
    """Writes into a list; is told when to fail and when to hang."""

    def __init__(self) -> None:
        self.batches: list[list[Change]] = []
        self.attempts = 0
        self.is_full = False
        self.lets_go = threading.Event()
        self.lets_go.set()
        self.closed = False
        self.threads: set[int] = set()

    @property
    def written(self) -> list[Change]:
        return [change for batch in self.batches for change in batch]

    def write(self, changes: Sequence[Change], /) -> None:
        self.threads.add(threading.get_ident())
        self.attempts += 1
        self.lets_go.wait(20)
        if self.is_full:
            raise StoreError("crowd.db cannot be written: the disk is full")
        self.batches.append(list(changes))

    def close(self) -> None:
        self.closed = True


class Viewers:
    """Gives so many changed viewers when asked."""

    def __init__(self) -> None:
        self.changed: list[PersonSeen] = []

    def gather(self, most: int) -> list[PersonSeen]:
        taken, self.changed = self.changed[:most], self.changed[most:]
        return taken


@pytest.fixture
def disk() -> FakeDisk:
    return FakeDisk()


def setting(value: object) -> SettingChanged:
    return SettingChanged("game", str(value))


def seen(user: int) -> PersonSeen:
    return PersonSeen(str(user), "ada", "Ada", 1, 0, 0.0, 0.0)


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 30))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    pytest.fail("it never came to that")


@contextlib.asynccontextmanager
async def running(writer: StoreWriter) -> AsyncGenerator[None, None]:
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await writer.close(20_000)


def test_what_is_put_is_written_at_once_and_in_order(disk: FakeDisk) -> None:
    async def story() -> None:
        writer = StoreWriter(disk)
        async with running(writer):
            for n in range(5):
                writer.put(setting(n))
            await until(lambda: len(disk.written) == 5)
            writer.put(setting(5))
            await until(lambda: len(disk.written) == 6)
        assert disk.written == [setting(n) for n in range(6)]
        assert writer.waiting == 0
        assert writer.counters == {"written": 6}

    play(story)


def test_the_loop_never_writes_itself(disk: FakeDisk) -> None:
    async def story() -> None:
        writer = StoreWriter(disk)
        async with running(writer):
            writer.put(setting(0))
            await until(lambda: bool(disk.written))
        assert threading.get_ident() not in disk.threads

    play(story)


def test_viewers_are_gathered_every_now_and_then(disk: FakeDisk) -> None:
    async def story() -> None:
        viewers = Viewers()
        async with running(StoreWriter(disk, viewers.gather, every_ms=1)):
            for n in range(3):
                viewers.changed = [seen(n)]
                await until(lambda n=n: seen(n) in disk.written)  # type: ignore[misc]  # n is this turn's

    play(story)


def test_many_viewers_are_written_in_batches_that_leave_the_disk_to_others(disk: FakeDisk) -> None:
    async def story() -> None:
        viewers = Viewers()
        viewers.changed = [seen(n) for n in range(4_500)]
        async with running(StoreWriter(disk, viewers.gather, every_ms=1)):
            await until(lambda: len(disk.written) == 4_500)
        assert [len(batch) for batch in disk.batches] == [2_000, 2_000, 500]

    play(story)


def test_viewers_who_change_all_the_time_do_not_keep_the_disk_busy(disk: FakeDisk) -> None:
    async def story() -> None:
        chat = [seen(0)]
        writer = StoreWriter(disk, lambda _: list(chat), every_ms=3_600_000)
        async with running(writer):
            writer.put(setting(0))
            await until(lambda: bool(disk.written) and not writer.waiting)
            assert disk.batches == [[setting(0), seen(0)]]
            chat.clear()

    play(story)


def test_a_full_disk_is_left_alone_for_a_while_whatever_is_put(disk: FakeDisk) -> None:
    async def story() -> None:
        disk.is_full = True
        writer = StoreWriter(disk, first_retry_ms=3_600_000)
        async with running(writer):
            writer.put(setting(0))
            await until(lambda: writer.counters["failed"] == 1)
            writer.put(setting(1))
            for _ in range(10):
                await asyncio.sleep(0)
            assert disk.attempts == 1
            disk.is_full = False
        assert disk.written == [setting(0), setting(1)]

    play(story)


def test_a_disk_that_is_full_is_told_once_and_tried_again_in_order(
    disk: FakeDisk, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        disk.is_full = True
        writer = StoreWriter(disk, first_retry_ms=1)
        async with running(writer):
            writer.put(setting(0))
            await until(lambda: disk.attempts >= 3)
            writer.put(setting(1))
            disk.is_full = False
            await until(lambda: len(disk.written) == 2)
        assert disk.written == [setting(0), setting(1)]
        assert writer.counters["failed"] >= 3
        assert writer.counters["lost"] == 0

    with caplog.at_level(logging.INFO):
        play(story)
    failed, recovered = caplog.messages
    assert failed.startswith("crowd.db cannot be written: the disk is full. The game goes on;")
    assert recovered == "The store can be written again."


def test_past_the_bound_changes_are_counted_and_told_once(
    disk: FakeDisk, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        writer = StoreWriter(disk, most_waiting=2)
        for n in range(5):
            writer.put(setting(n))
        assert writer.waiting == 2
        assert writer.counters == {"lost": 3}
        await writer.close(20_000)
        assert disk.written == [setting(0), setting(1)]

    play(story)
    assert len(caplog.records) == 1


def test_closing_writes_what_is_left_and_closes_the_store(disk: FakeDisk) -> None:
    async def story() -> None:
        viewers = Viewers()
        viewers.changed = [seen(n) for n in range(2_500)]
        writer = StoreWriter(disk, viewers.gather)
        writer.put(setting(0))
        await writer.close(20_000)
        assert len(disk.written) == 2_501
        assert disk.closed

    play(story)


def test_a_write_under_way_when_the_task_ends_is_finished_and_not_done_twice(disk: FakeDisk) -> None:
    async def story() -> None:
        disk.lets_go.clear()
        writer = StoreWriter(disk)
        task = asyncio.create_task(writer.run())
        writer.put(setting(0))
        await until(lambda: disk.attempts == 1)
        task.cancel()
        await asyncio.wait({task})
        disk.lets_go.set()
        await writer.close(20_000)
        assert disk.batches == [[setting(0)]]
        assert disk.closed

    play(story)


def test_a_write_that_ends_in_the_moment_of_cancelling_is_not_done_twice(disk: FakeDisk) -> None:
    async def story() -> None:
        writer = StoreWriter(disk)
        task = asyncio.create_task(writer.run())
        writer.put(setting(0))
        for _ in range(1_000_000):
            if disk.written:
                break
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        await writer.close(20_000)
        assert disk.batches == [[setting(0)]]

    for _ in range(20):
        disk.batches.clear()
        play(story)


def test_a_disk_that_hangs_does_not_hang_the_bot(disk: FakeDisk, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        disk.lets_go.clear()
        writer = StoreWriter(disk)
        writer.put(setting(0))
        writer.put(setting(1))
        await writer.close(20)
        assert writer.counters["lost"] == 2
        assert not disk.closed

    play(story)
    disk.lets_go.set()
    assert caplog.messages == ["2 changes could not be stored in time; they are lost."]


def test_a_disk_that_stays_full_is_given_up_at_the_end(disk: FakeDisk) -> None:
    async def story() -> None:
        disk.is_full = True
        writer = StoreWriter(disk)
        writer.put(setting(0))
        await writer.close(20)
        assert writer.counters["lost"] == 1

    play(story)


def test_a_fault_of_our_own_is_not_taken_for_the_disk_s(disk: FakeDisk) -> None:
    async def story() -> None:
        def write(_: Sequence[Change], /) -> None:
            raise TypeError("ours")

        disk.write = write  # type: ignore[method-assign]  # the disk is a fake
        writer = StoreWriter(disk)
        writer.put(setting(0))
        with pytest.raises(TypeError, match="ours"):
            await writer.run()

    play(story)


def test_a_real_store_remembers(tmp_path: Path) -> None:
    async def story() -> None:
        writer = StoreWriter(Store.open(tmp_path / "crowd.db"))
        async with running(writer):
            writer.put(setting("nes"))
            await until(lambda: not writer.waiting)

    play(story)
    store = Store.open(tmp_path / "crowd.db")
    assert store.load(0).settings == {"game": "nes"}
    store.close()
