from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from bench.world import twitch_lines as lines
from config.levels import Level

World = Callable[..., Any]


def test_scripted_lines_reach_the_channel(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan12345")
            id = twitch.say("Ada", "left", level=Level.VIP, source_room_id="77")
            line = await reader.until("PRIVMSG")
            assert f";id={id};" in line
            assert "vip=1" in line
            assert "source-room-id=77" in line
            assert line.endswith(":ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :left")

    asyncio.run(main())


def test_many_lines_share_frames_and_keep_their_order(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan12345")
            ids = twitch.say_many((f"viewer{number}", f"a{number}") for number in range(1_000))
            await reader.until("ROOMSTATE")
            frames = [await reader.socket.recv() for _ in range(8)]
            texts = [line.rpartition(":")[2] for frame in frames for line in str(frame).split("\r\n") if line]
            assert texts == [f"a{number}" for number in range(1_000)]
            assert len(set(ids)) == 1_000

    asyncio.run(main())


def test_moderation_is_heard_by_whoever_asked_for_commands(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            full = await client(nick="justinfan1")
            bare = await client(nick="justinfan2", wants="CAP REQ :twitch.tv/membership")
            twitch.clear_user("ada")
            twitch.delete_message("d8-41")
            twitch.clear_chat()
            twitch.say("ada", "left")
            assert lines.account_number("ada") in await full.until("CLEARCHAT")
            assert "target-msg-id=d8-41" in await full.until("CLEARMSG")
            assert (await full.until("CLEARCHAT")).endswith("CLEARCHAT #arcade")
            assert await bare.until("") == ":ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :left"

    asyncio.run(main())


def test_reconnect_is_asked_for_and_then_enforced(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan1")
            twitch.ask_reconnect(close_after_ms=0.0)
            assert await reader.until("RECONNECT")
            with pytest.raises(ConnectionClosed):
                await reader.until("nothing more")

    asyncio.run(main())


def test_a_silent_server_says_and_answers_nothing_until_it_speaks_again(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan1")
            await reader.until("ROOMSTATE")
            twitch.go_silent()
            await reader.send("PING :unheard")
            twitch.say("ada", "unheard")
            await (await reader.socket.ping())  # by now the server has read it
            twitch.go_silent(False)
            await reader.send("PING :heard")
            assert await reader.until("") == ":tmi.twitch.tv PONG tmi.twitch.tv :heard"

    asyncio.run(main())


def test_dropping_everybody_breaks_every_connection(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            readers = [await client(nick=f"justinfan{number}") for number in range(3)]
            twitch.drop_all()
            for reader in readers:
                with pytest.raises(ConnectionClosed):
                    await reader.until("nothing more")

    asyncio.run(main())


def test_raw_frames_are_sent_as_they_are(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            reader = await client(nick="justinfan1")
            await reader.until("ROOMSTATE")
            twitch.raw("one\ntwo")
            twitch.raw(b"\x00", binary=True)
            twitch.raw(b"\xff")
            assert await reader.socket.recv() == "one\ntwo"
            assert await reader.socket.recv() == b"\x00"
            assert await reader.socket.recv(decode=False) == b"\xff"

    asyncio.run(main())


def test_whoever_does_not_answer_a_ping_is_disconnected(channel_world: World) -> None:
    async def say_nothing(client: Callable[..., Any]) -> None:
        member = await client(nick="justinfan1")
        await member.until("nothing more")

    async def main() -> None:
        async with channel_world(ping_every_ms=100.0) as (_, client):
            with pytest.raises(ConnectionClosed):
                await say_nothing(client)

    asyncio.run(main())


def test_junk_is_counted_and_answered_by_nothing(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            member = await client("?? ??", "HELLO", "\x00", "@")
            await member.send("CAP", "CAP REQ", "JOIN", "PART", "PRIVMSG", "NICK")
            await member.socket.send(b"\xff\xfe")
            await member.send("PING :still here")
            assert (await member.until("")).endswith(":still here")
            assert twitch.counters["binary_frame"] == 1
            assert twitch.counters["unknown_command"] == 1
            assert twitch.counters["line_malformed"] == 3

    asyncio.run(main())
