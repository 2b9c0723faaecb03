from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.chat.line import ChatCleared, ChatEvent
from bot.chat.mailbox import FULL_AT, Mailbox, batches

CLEAR = ChatCleared()


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def test_what_was_put_since_the_last_take_comes_together() -> None:
    async def main() -> None:
        mailbox = Mailbox()
        mailbox.put([CLEAR])
        mailbox.put([])
        mailbox.put([CLEAR])
        assert await mailbox.take() == [CLEAR, CLEAR]
        waiting = asyncio.create_task(mailbox.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        mailbox.put([CLEAR])
        assert await waiting == [CLEAR]

    run(main())


def test_a_closed_mailbox_is_emptied_and_then_says_so() -> None:
    async def main() -> None:
        mailbox = Mailbox()
        mailbox.put([CLEAR])
        mailbox.close()
        assert await mailbox.take() == [CLEAR]
        assert await mailbox.take() == []

    run(main())


def test_a_full_mailbox_has_no_space_until_it_is_emptied() -> None:
    async def main() -> None:
        mailbox = Mailbox()
        await mailbox.space()
        mailbox.put([CLEAR] * FULL_AT)
        waiting = asyncio.create_task(mailbox.space())
        await asyncio.sleep(0)
        assert not waiting.done()
        await mailbox.take()
        await waiting

    run(main())


def test_what_ends_one_of_those_who_fill_it_ends_all_and_is_raised() -> None:
    ended: list[str] = []

    async def speak(mailbox: Mailbox) -> None:
        mailbox.put([ChatCleared()])
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("speak")

    async def fail(mailbox: Mailbox) -> None:
        await asyncio.sleep(0)
        raise ValueError("over")

    heard: list[ChatEvent] = []

    async def listen() -> None:
        async for batch in batches(speak, fail):
            heard.extend(batch)

    async def main() -> None:
        with pytest.raises(ValueError, match="over"):
            await listen()
        assert heard == [ChatCleared()]
        assert ended == ["speak"]

    asyncio.run(asyncio.wait_for(main(), 30))
