"""Work in a thread: what it brings, and what is done about one that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tunnel.rendezvous.errands import Errands
from tunnel.rendezvous.place import PlaceError

LONGEST_S = 30.0


@pytest.fixture
def free() -> Iterator[threading.Event]:
    """Whoever hangs waits for it."""
    event = threading.Event()
    yield event
    event.set()


def fail() -> None:
    raise KeyError("a mistake")


def test_what_the_work_returns_or_raises_comes_back_from_another_thread() -> None:
    async def main() -> None:
        errands = Errands("The shop")
        assert await errands.run(threading.get_ident, LONGEST_S) != threading.get_ident()
        with pytest.raises(KeyError, match="a mistake"):
            await errands.run(fail, LONGEST_S)
        assert not errands.is_busy

    asyncio.run(asyncio.wait_for(main(), LONGEST_S))


def test_work_that_hangs_is_given_up_and_no_other_begun_until_it_has_ended(free: threading.Event) -> None:
    async def main() -> None:
        errands, begun = Errands("The shop"), []
        with pytest.raises(PlaceError, match="The shop does not answer"):
            await errands.run(lambda: free.wait(LONGEST_S), 0.01)
        for _ in range(3):
            with pytest.raises(PlaceError, match="The shop still does not answer"):
                await errands.run(lambda: begun.append("too much"), LONGEST_S)
        assert errands.is_busy
        free.set()
        while errands.is_busy:  # noqa: ASYNC110  the thread has no event of the loop's
            await asyncio.sleep(0.005)
        assert await errands.run(lambda: "again", LONGEST_S) == "again"
        assert begun == []

    asyncio.run(asyncio.wait_for(main(), LONGEST_S))


def test_who_is_cancelled_waits_for_no_thread(free: threading.Event) -> None:
    async def main() -> None:
        errands = Errands("The shop")
        task = asyncio.create_task(errands.run(lambda: free.wait(LONGEST_S), LONGEST_S))
        while not errands.is_busy:  # noqa: ASYNC110  as above
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert errands.is_busy

    asyncio.run(asyncio.wait_for(main(), LONGEST_S))
