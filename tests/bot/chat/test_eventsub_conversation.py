from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench.world import eventsub_payloads as payloads
from bot.chat import mailbox as mailbox_module
from bot.chat.eventsub_conversation import MAX_FRAME, Conversation
from bot.chat.eventsub_events import EventSubRoom
from bot.chat.eventsub_session import EventSubSession
from bot.chat.irc import Wait
from bot.chat.line import ChatEvent, ChatLine
from bot.chat.mailbox import Mailbox
from tunnel.wallclock import WallClock

DEADLINE_SECONDS = 30
Talk = Callable[[ServerConnection], Coroutine[Any, Any, None]]
Work = Callable[[Conversation, EventSubSession, Mailbox], Coroutine[Any, Any, None]]


async def granted(session: EventSubSession) -> None:
    session.subscribed()


def run(talk: Talk, work: Work, subscribe: Callable[[EventSubSession], Any] = granted) -> None:
    """A conversation with a server of the test's own."""

    async def main() -> None:
        async with serve(talk, "127.0.0.1", 0, compression=None) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
            session = EventSubSession(EventSubRoom("arcade"), url)
            mailbox = Mailbox()
            conversation = Conversation(url, session, WallClock(), mailbox, subscribe)
            task = asyncio.create_task(conversation.run())
            try:
                await work(conversation, session, mailbox)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))


def welcome() -> str:
    now = WallClock().now()
    payload = payloads.session("s", "connected", now, keepalive_timeout_seconds=10)
    return payloads.written("session_welcome", "w", now, payload)


def line(number: int) -> str:
    event = payloads.chat_message("arcade", "Ada", str(number), id=f"line-{number}")
    told = payloads.subscription("sub", "channel.chat.message", {}, "s")
    payload = {"subscription": told, "event": event}
    return payloads.written("notification", f"m-{number}", WallClock().now(), payload)


async def lines(mailbox: Mailbox, count: int) -> list[str]:
    heard: list[ChatEvent] = []
    while len(heard) < count:
        heard += [event for event in await mailbox.take() if isinstance(event, ChatLine)]
    return [event.text for event in heard if isinstance(event, ChatLine)]


def test_a_welcome_is_answered_with_subscriptions_and_no_word() -> None:
    words: list[object] = []

    async def talk(socket: ServerConnection) -> None:
        await socket.send(welcome())
        await socket.send(line(1))
        words.extend([word async for word in socket])

    done = asyncio.Event()

    async def subscribe(session: EventSubSession) -> None:
        session.subscribed()
        done.set()

    async def work(conversation: Conversation, session: EventSubSession, mailbox: Mailbox) -> None:
        assert await lines(mailbox, 1) == ["1"]
        await done.wait()
        assert session.listens
        assert conversation.lived_ms >= 0
        conversation.close()
        assert (await conversation.ended).wait is Wait.AT_ONCE

    run(talk, work, subscribe)
    assert words == []


def test_a_close_code_reaches_the_session() -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(welcome())
        await socket.close(4006, "network error")

    async def work(conversation: Conversation, session: EventSubSession, mailbox: Mailbox) -> None:
        assert "4006" in (await conversation.ended).because
        assert session.over

    run(talk, work)


@pytest.mark.parametrize("poison", [b"\xff\xfe", b"x" * (MAX_FRAME + 1)], ids=["not UTF-8", "a megabyte"])
def test_a_frame_that_breaks_websocket_ends_the_conversation_and_nothing_else(poison: bytes) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(poison, text=True)
        await socket.wait_closed()

    async def work(conversation: Conversation, session: EventSubSession, mailbox: Mailbox) -> None:
        assert (await conversation.ended).wait is Wait.BACK_OFF

    run(talk, work)


def test_a_message_in_fragments_and_a_binary_one_are_read() -> None:
    async def talk(socket: ServerConnection) -> None:
        text = line(1)
        await socket.send(welcome())
        await socket.send([text[:50], text[50:]])
        await socket.send(b"\x00")
        await socket.send(line(2))
        await socket.wait_closed()

    async def work(conversation: Conversation, session: EventSubSession, mailbox: Mailbox) -> None:
        assert await lines(mailbox, 2) == ["1", "2"]
        assert session._room.counters == {"binary_frame": 1}

    run(talk, work)


def test_a_server_that_is_not_there_is_told() -> None:
    async def main() -> None:
        async with serve(lambda socket: socket.close(), "127.0.0.1", 0) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        session = EventSubSession(EventSubRoom("arcade"), url)
        conversation = Conversation(url, session, WallClock(), Mailbox(), granted)
        await conversation.run()
        assert (await conversation.ended).because == "connection refused"
        assert conversation.lived_ms == 0

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))


def test_a_bot_that_falls_behind_is_waited_for_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "FULL_AT", 50)
    most = 3_000

    async def talk(socket: ServerConnection) -> None:
        await socket.send(welcome())
        for number in range(most):
            await socket.send(line(number))
        await socket.wait_closed()

    async def work(conversation: Conversation, session: EventSubSession, mailbox: Mailbox) -> None:
        for _ in range(1_000_000):
            if mailbox.full:
                break
            await asyncio.sleep(0)
        assert mailbox.full
        assert await lines(mailbox, most) == list(map(str, range(most)))

    run(talk, work)
