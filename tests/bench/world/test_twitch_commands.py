from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

World = Callable[..., Any]


def test_a_login_is_greeted_and_a_join_answered(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            wanted = "twitch.tv/tags twitch.tv/commands"
            member = await client(f"CAP REQ :{wanted}", "NICK justinfan1", "JOIN #Arcade")
            assert (await member.until("")).endswith(f"CAP * ACK :{wanted}")
            for word in ["001", "002", "003", "004", "375", "372", "376", "JOIN", "353", "366", "ROOMSTATE"]:
                assert f" {word}" in await member.until("")
            await twitch.joined(1)

    asyncio.run(main())


def test_an_unknown_capability_is_refused(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (_, client):
            member = await client("CAP REQ :twitch.tv/tags example/other")
            assert " NAK " in await member.until("CAP")

    asyncio.run(main())


def test_a_channel_that_does_not_exist_is_met_with_silence(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (_, client):
            member = await client("NICK justinfan1", "JOIN #nowhere,#arcade", "PING :next")
            await member.until(" 376 ")
            assert (await member.until("")).endswith("JOIN #arcade")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("login", "notice"),
    [
        (("PASS oauth:wrong", "NICK ada"), "Login authentication failed"),
        (("PASS good", "NICK ada"), "Improperly formatted auth"),
        (("NICK ada", "PASS oauth:good"), "Improperly formatted auth"),
    ],
)
def test_a_wrong_login_gets_a_notice_and_a_closed_connection(
    channel_world: World, login: tuple[str, ...], notice: str
) -> None:
    async def main() -> None:
        async with channel_world(tokens=frozenset({"good"})) as (twitch, client):
            member = await client(*login)
            assert await member.until("NOTICE") == f":tmi.twitch.tv NOTICE * :{notice}"
            with pytest.raises(ConnectionClosed):
                await member.until("nothing more")
            assert twitch.counters["login_refused"] >= 1

    asyncio.run(main())


def test_a_members_line_goes_to_the_others_and_not_back(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            ada, bob = await client(nick="ada"), await client(nick="bob")
            reader = await client(nick="justinfan1", wants="CAP REQ :twitch.tv/membership")
            await ada.send("PRIVMSG #arcade :left right")
            assert "display-name=ada" in await bob.until("PRIVMSG #arcade :left right")
            assert (await reader.until("PRIVMSG")).startswith(":ada!")
            await ada.until("USERSTATE")
            await bob.send("PRIVMSG #arcade :done")
            heard = await ada.until("PRIVMSG")
            assert heard.endswith(":done")
            assert not any("PRIVMSG" in line for line in ada.passed)
            assert twitch.counters["privmsg"] == 2

    asyncio.run(main())


def test_a_line_may_be_sent_without_having_joined(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (_, client):
            reader = await client(nick="justinfan1")
            await client("PASS oauth:x", "NICK arcade", "PRIVMSG #arcade :left")
            assert "broadcaster/1" in await reader.until("PRIVMSG #arcade :left")

    asyncio.run(main())


@pytest.mark.parametrize("text", [f"#arcade :{'x' * 501}", "#nowhere :x", "#arcade :", ""])
@pytest.mark.parametrize("nick", ["ada", "justinfan1"])
def test_what_twitch_would_not_publish_is_ignored(channel_world: World, nick: str, text: str) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            member = await client(nick=nick)
            await member.send(f"PRIVMSG {text}", "PING :read")
            await member.until("read")
            assert twitch.counters == {"privmsg_ignored": 1}

    asyncio.run(main())


def test_coming_and_going_is_told_to_whoever_asked_for_membership(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (_, client):
            watcher = await client(nick="ada")
            guest = await client(nick="bob")
            assert await watcher.until(":bob!") == ":bob!bob@bob.tmi.twitch.tv JOIN #arcade"
            await guest.send("PART #arcade")
            assert await watcher.until(":bob!") == ":bob!bob@bob.tmi.twitch.tv PART #arcade"
            await guest.send("JOIN #arcade")
            await watcher.until(":bob!")
            await guest.socket.close()
            assert await watcher.until(":bob!") == ":bob!bob@bob.tmi.twitch.tv PART #arcade"

    asyncio.run(main())


def test_an_answered_ping_is_no_longer_owed(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            member = await client(nick="justinfan1")
            [seen] = twitch.members
            seen.owes_pong = True
            await member.send("PONG :tmi.twitch.tv", "PING :read")
            await member.until("read")
            assert not seen.owes_pong

    asyncio.run(main())
