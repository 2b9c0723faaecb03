from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from bench.world.eventsub import LocalEventSub

DEADLINE_SECONDS = 30
CHAT = "channel.chat.message"


def run(work: Callable[[LocalEventSub], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def main() -> None:
        server = LocalEventSub("arcade", **options)
        await server.start()
        try:
            await work(server)
        finally:
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))


async def read(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        message: dict[str, Any] = json.loads(await socket.recv())
        if message["metadata"]["message_type"] == kind:
            return message


async def greeted(socket: ClientConnection) -> str:
    """The id of the session."""
    id: str = (await read(socket, "session_welcome"))["payload"]["session"]["id"]
    return id


async def close_code(socket: ClientConnection) -> int | None:
    await socket.wait_closed()
    return socket.close_code


def test_it_welcomes_and_delivers_what_was_subscribed_to() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as socket:
            session = await greeted(socket)
            subscription = server.subscribe(session, CHAT, {"user_id": "1"})
            server.say("Ada", "left", id="line-1")
            told = await read(socket, "notification")
            assert told["metadata"]["subscription_type"] == CHAT
            assert told["payload"]["subscription"]["id"] == subscription
            assert told["payload"]["event"]["message_id"] == "line-1"
            server.repeat()
            assert await read(socket, "notification") == told

    run(work)


def test_who_does_not_subscribe_in_time_is_closed_with_4003() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as socket:
            assert await close_code(socket) == 4003

    run(work, unused_s=0.05)


def test_who_says_a_word_is_closed_with_4001() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as socket:
            await socket.send("hello")
            assert await close_code(socket) == 4001

    run(work)


def test_it_says_that_it_lives() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as socket:
            assert (await read(socket, "session_keepalive"))["payload"] == {}

    run(work, keepalive_s=0.1)


def test_a_reconnect_address_carries_the_subscriptions_over() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as old:
            session = await greeted(old)
            server.subscribe(session, CHAT, {})
            server.ask_reconnect()
            url = (await read(old, "session_reconnect"))["payload"]["session"]["reconnect_url"]
            async with connect(url) as new:
                assert await greeted(new) == session
                server.say("Ada", "left")
                assert await read(old, "notification") == await read(new, "notification")
                await old.close()
                server.say("Ada", "right")
                assert (await read(new, "notification"))["payload"]["event"]["message"]["text"] == "right"

    run(work)


def test_who_stays_behind_is_closed_with_4004_and_an_unknown_address_with_4007() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as old:
            await greeted(old)
            server.ask_reconnect()
            assert await close_code(old) == 4004
        async with connect(f"{server.url}?id=unknown") as lost:
            assert await close_code(lost) == 4007

    run(work, grace_s=0.05)


def test_a_subscription_can_be_taken_back() -> None:
    async def work(server: LocalEventSub) -> None:
        async with connect(server.url) as socket:
            server.subscribe(await greeted(socket), CHAT, {})
            server.revoke(CHAT, "user_removed")
            told = await read(socket, "revocation")
            assert told["payload"]["subscription"]["status"] == "user_removed"
            server.say("Ada", "left")
            await server.close_all(4000)
            assert await close_code(socket) == 4000

    run(work)


def test_a_subscription_needs_a_session_and_is_made_once() -> None:
    async def work(server: LocalEventSub) -> None:
        assert server.subscribe("nobody", CHAT, {}) is None
        async with connect(server.url) as socket:
            session = await greeted(socket)
            server.subscribe(session, CHAT, {})
            with pytest.raises(KeyError):
                server.subscribe(session, CHAT, {})
            await server.subscribed(CHAT)

    run(work)
