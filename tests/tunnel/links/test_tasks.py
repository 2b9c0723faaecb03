"""Tasks that end together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tunnel.links.tasks import Tasks


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def test_they_end_together_and_each_may_say_goodbye() -> None:
    said: list[str] = []
    errors: list[BaseException] = []

    async def polite(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            said.append(name)

    async def main() -> None:
        tasks = Tasks("some", errors.append)
        for name in "ab":
            tasks.start(polite(name))
        await asyncio.sleep(0)
        tasks.cancel()
        assert said == []
        await tasks.gone()
        assert sorted(said) == ["a", "b"]
        await tasks.gone()

    run(main())
    assert errors == []


def test_what_one_raises_is_told_and_the_others_go_on() -> None:
    errors: list[BaseException] = []

    async def fails() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        tasks = Tasks("some", errors.append)
        going_on = asyncio.Event()

        async def other() -> None:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            going_on.set()

        tasks.start(fails())
        tasks.start(other())
        await going_on.wait()
        await tasks.gone()

    run(main())
    assert [type(error) for error in errors] == [ZeroDivisionError]
