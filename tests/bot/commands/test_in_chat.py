"""Commands, replies and the IRC voice in one chat, as the bot has them, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

from websockets.asyncio.client import connect

from bench.world.twitch import LocalTwitch
from bot.answers.replies import Replies
from bot.chat.irc_source import IrcSource
from bot.chat.limits import SendingLimits
from bot.chat.line import ChatLine
from bot.commands import Commands
from bot.text import normalise
from config.levels import Level
from config.play import CommandsConfig
from tunnel.wallclock import WallClock


class Clock(WallClock):
    """Moved by hand."""

    ms = 1_760_000_000_000.0

    def now(self) -> float:
        return self.ms


class Bot:
    """A source, its commands and its replies, turned by the test."""

    def __init__(self, twitch: LocalTwitch, desk: Any, clock: Clock) -> None:
        self.source = IrcSource(twitch.url, "arcade", "bot", "good", clock=clock)
        self.replies = Replies()
        self.limits: Callable[[], SendingLimits] = lambda: self.source.limits
        self._twitch = twitch
        self._commands = Commands(desk, CommandsConfig())
        self._clock = clock
        self._heard = self._said = 0

    async def listen(self) -> None:
        async for batch in self.source.events():
            for event in batch:
                if isinstance(event, ChatLine):
                    self._heard += 1
                    for reply in self._commands.handle(event, normalise(event.text), self._clock.now()):
                        self.replies.push(reply, self._clock.now())

    async def heard(self, lines: int) -> None:
        await until(lambda: self._heard == lines)

    async def speak(self) -> None:
        """Says what is due, and waits until Twitch has it."""
        self.replies.set_limits(self.limits())
        for reply in self.replies.handle_timeout(self._clock.now()):
            self.source.say(reply.text, reply.to)
            self._said += 1
            await until(lambda: self._twitch.counters["privmsg"] == self._said)


async def until(condition: Callable[[], bool]) -> None:
    for _ in itertools.count():
        if condition():
            return
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def chat(desk: Any) -> AsyncIterator[tuple[LocalTwitch, Bot, Clock]]:
    clock = Clock()
    twitch = LocalTwitch(("arcade",), limited=True, clock=clock)
    await twitch.start()
    bot = Bot(twitch, desk, clock)
    listening = asyncio.create_task(bot.listen())
    try:
        async with asyncio.timeout(30):
            await twitch.joined()
            yield twitch, bot, clock
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await twitch.stop()


async def play_ten_minutes(twitch: LocalTwitch, bot: Bot, clock: Clock) -> None:
    """Every half second somebody asks; the bot is turned four times as often."""
    for turn in range(600 * 8):
        if turn % 4 == 0:
            twitch.say(f"viewer{turn}", "!me")
            await bot.heard(turn // 4 + 1)
        await bot.speak()
        clock.ms += 125.0


def test_a_question_in_chat_is_answered_in_chat(desk: Any) -> None:
    async def main() -> None:
        async with chat(desk) as (twitch, bot, _):
            async with connect(twitch.url, compression=None, proxy=None) as viewer:
                await viewer.send("CAP REQ :twitch.tv/tags\r\nNICK justinfan7\r\nJOIN #arcade")
                await twitch.joined(2)
                id = twitch.say("Kim", "!help")
                await bot.heard(1)
                await bot.speak()
                answer = ""
                while ":bot!" not in answer:
                    answer = str(await viewer.recv())
            assert "PRIVMSG #arcade :@Kim Type an input such as a or b as your whole message." in answer
            assert f"reply-parent-msg-id={id};" in answer

    asyncio.run(main())


def test_in_ten_minutes_of_questions_twitch_shows_every_answer(desk: Any) -> None:
    async def main() -> None:
        async with chat(desk) as (twitch, bot, clock):
            await play_ten_minutes(twitch, bot, clock)
            assert bot.replies.counters["said"] == twitch.counters["privmsg"] > 150
            refused = {name: times for name, times in twitch.counters.items() if name.startswith("privmsg_")}
            assert not refused
            assert not any(name.startswith("notice") for name in bot.source.counters)

    asyncio.run(main())


def test_an_ordinary_account_with_a_moderators_pace_would_be_refused(desk: Any) -> None:
    async def main() -> None:
        async with chat(desk) as (twitch, bot, _):
            bot.limits = lambda: SendingLimits(lines=50, window_ms=32_000.0, gap_ms=0.0, repeat_ms=0.0)
            for number in range(40):
                twitch.say(f"viewer{number}", "!me")
            await bot.heard(40)
            await bot.speak()
            await until(lambda: bot.source.counters["notice_msg_ratelimit"] > 0)
            assert twitch.counters["privmsg_too_many"]

    asyncio.run(main())


def test_a_moderators_bot_may_answer_faster(desk: Any) -> None:
    async def main() -> None:
        async with chat(desk) as (twitch, bot, _):
            twitch.levels["bot"] = Level.MODERATOR
            twitch.say("kim", "!me")
            await bot.heard(1)
            await bot.speak()
            await until(lambda: bot.source.limits.gap_ms == 0)
            for number in range(30):
                twitch.say(f"viewer{number}", "!me")
            await bot.heard(31)
            await bot.speak()
            assert twitch.counters["privmsg"] == 31

    asyncio.run(main())
