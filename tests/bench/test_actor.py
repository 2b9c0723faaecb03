"""A process that is asked questions, and one that dies."""

from __future__ import annotations

import asyncio
import threading
from multiprocessing.connection import Connection

import pytest

from bench.actor import Actor, SharedClock, answer, until


def one_who_counts(pipe: Connection, first: int) -> None:
    """Ready with its first number; asked for the next, says it. Its notes are all so far."""
    said = [first]

    def count() -> int:
        said.append(said[-1] + 1)
        return said[-1]

    async def main() -> None:
        pipe.send(first)
        work = asyncio.create_task(asyncio.sleep(60))
        await answer(pipe, work, {"ask": count, "notes": lambda: said})

    asyncio.run(main())


def one_who_fails(pipe: Connection) -> None:
    raise SystemExit(3)


def test_two_shared_clocks_tell_the_same_time() -> None:
    one, other = SharedClock(), SharedClock()
    assert one.now() <= other.now() <= one.now()


def test_an_actor_answers_from_any_thread_until_it_is_told_to_stop() -> None:
    actor = Actor(one_who_counts, 7)
    heard: list[int] = []
    read: list[list[int]] = []
    try:
        assert actor.ready() == 7
        asking = [threading.Thread(target=lambda: heard.append(actor.ask())) for _ in range(5)]
        reading = [threading.Thread(target=lambda: read.append(actor.read_notes())) for _ in range(5)]
        threads = [thread for pair in zip(asking, reading, strict=True) for thread in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(heard) == [8, 9, 10, 11, 12]
        assert all(said[0] == 7 for said in read)
        weight = actor.weigh()
        assert weight is None or weight > 1
        assert actor.read_notes() == [7, 8, 9, 10, 11, 12]
        assert actor.stop() == 13
    finally:
        actor.kill()
    # Either the pipe is found broken, or nobody is found behind it.
    with pytest.raises((RuntimeError, OSError)):
        actor.ask()


def test_an_actor_that_dies_is_reported() -> None:
    actor = Actor(one_who_fails)
    try:
        with pytest.raises(RuntimeError, match="says nothing"):
            actor.ready()
    finally:
        actor.kill()


def test_who_waits_for_something_hears_of_the_work_s_end() -> None:
    async def fails() -> None:
        raise ValueError("it broke")

    async def main() -> None:
        await until(lambda: True, asyncio.create_task(asyncio.sleep(0)))
        await until(lambda: False, asyncio.create_task(fails()))

    with pytest.raises(ValueError, match="it broke"):
        asyncio.run(asyncio.wait_for(main(), 30))
