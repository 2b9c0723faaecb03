from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from config.levels import Level
from tunnel.wallclock import WallClock

World = Callable[..., Any]


class Clock(WallClock):
    """Moved by hand."""

    ms = 1_760_000_000_000.0

    def now(self) -> float:
        return self.ms


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


def test_an_account_is_told_its_standing_when_it_joins_and_a_nobody_is_not(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            twitch.levels["bot"] = Level.MODERATOR
            bot = await client(nick="bot")
            assert "mod=1" in await bot.until("USERSTATE")
            nobody = await client(nick="justinfan1")
            await nobody.send("PING :next")
            await nobody.until("next")
            assert not any("USERSTATE" in line for line in nobody.passed)

    asyncio.run(main())


def test_an_answer_carries_what_it_answers_and_begins_with_its_author(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            bot, reader = await client(nick="bot"), await client(nick="ada")
            id = twitch.say("Kim", "!help me")
            await bot.until("!help me")
            await bot.send(f"@reply-parent-msg-id={id} PRIVMSG #arcade :left is left")
            heard = await reader.until("left is left")
            assert heard.endswith("PRIVMSG #arcade :@Kim left is left")
            assert f"reply-parent-msg-id={id};" in heard
            assert "reply-parent-display-name=Kim;reply-parent-msg-body=!help\\sme;" in heard
            await bot.send("@reply-parent-msg-id=unknown PRIVMSG #arcade :right")
            assert (await reader.until("right")).endswith("PRIVMSG #arcade :right")

    asyncio.run(main())


def test_where_limits_hold_a_line_too_fast_is_refused_or_vanishes(channel_world: World) -> None:
    async def main() -> None:
        async with channel_world(limited=True, clock=Clock()) as (twitch, client):
            bot, reader = await client(nick="bot"), await client(nick="ada")
            await bot.send("PRIVMSG #arcade :first", "PRIVMSG #arcade :second")
            assert "too quickly" in await bot.until("@msg-id=msg_ratelimit")
            for number in range(30):
                await bot.send(f"PRIVMSG #arcade :{number}")
            await bot.send("PING :read")
            await bot.until("read")
            assert twitch.counters["privmsg_msg_ratelimit"] == 19
            assert twitch.counters["privmsg_too_many"] == 12
            twitch.say("ada", "end")
            await reader.until("end")
            assert sum("PRIVMSG" in line for line in reader.passed) == 1

    asyncio.run(main())


def test_where_limits_hold_the_same_line_again_is_refused_and_moderators_may(channel_world: World) -> None:
    async def main() -> None:
        clock = Clock()
        async with channel_world(limited=True, clock=clock) as (twitch, client):
            bot, reader = await client(nick="bot"), await client(nick="ada")
            await bot.send("PRIVMSG #arcade :same")
            await reader.until("same")
            clock.ms += 2_000
            await bot.send("PRIVMSG #arcade :same")
            assert "identical" in await bot.until("@msg-id=msg_duplicate")
            twitch.levels["bot"] = Level.VIP
            await bot.send("PRIVMSG #arcade :same")
            await reader.until("same")

    asyncio.run(main())


@pytest.mark.parametrize(("text", "shown"), [("/ban ada", 0), (".ban ada", 0), ("...", 1), (". a", 1)])
def test_twitchs_own_commands_are_not_chat(channel_world: World, text: str, shown: int) -> None:
    async def main() -> None:
        async with channel_world() as (twitch, client):
            member = await client(nick="ada")
            await member.send(f"PRIVMSG #arcade :{text}", "PING :read")
            await member.until("read")
            assert twitch.counters["privmsg"] == shown

    asyncio.run(main())
