from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.chat import eventsub_voice
from bot.chat.eventsub_voice import MOST_WAITING, Voice
from bot.chat.helix import Sent
from bot.chat.helix_answer import HelixError, LoginLostError
from tunnel.wallclock import WallClock

DEADLINE_SECONDS = 30


class Chat:
    """Takes what is said; `answers` are given in turn, an exception raised, then everything is shown."""

    def __init__(self, answers: list[Sent | Exception]) -> None:
        self.heard: list[tuple[str, str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self._answers = answers
        self._news = asyncio.Event()

    async def send(self, text: str, reply_to: str) -> Sent:
        self.entered.set()
        await self.open.wait()
        self.heard.append((text, reply_to))
        self._news.set()
        answer = self._answers.pop(0) if self._answers else Sent(True)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def hears(self, count: int) -> None:
        while len(self.heard) < count:
            self._news.clear()
            await self._news.wait()


def run(work: Callable[[Voice, Chat], Coroutine[Any, Any, None]], *answers: Sent | Exception) -> Counter[str]:
    counters: Counter[str] = Counter()

    async def main() -> None:
        voice, chat = Voice(counters, WallClock()), Chat(list(answers))
        voice.allowed = True
        talking = asyncio.create_task(voice.run(chat.send))
        try:
            await work(voice, chat)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))
    return counters


def test_lines_leave_one_after_another_each_to_whom_it_answers() -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        voice.say("one", "line-1")
        voice.say("two")
        await chat.hears(2)
        assert chat.heard == [("one", "line-1"), ("two", "")]

    assert run(work)["say_shed"] == 0


def test_what_cannot_be_said_is_counted() -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        voice.say(" \n ")
        voice.allowed = False
        voice.say("hello")
        await asyncio.sleep(0)
        assert chat.heard == []

    assert run(work) == {"unsayable": 2}


def test_a_line_is_nobody_s_command_and_short_enough() -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        voice.say("/ban ada\nx" + "y" * 600)
        await chat.hears(1)
        [(text, _)] = chat.heard
        assert text.startswith("ban ada")
        assert len(text) <= 500

    run(work)


def test_a_slow_chat_gets_the_newest_lines() -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        chat.open.clear()
        voice.say("first")
        await chat.entered.wait()  # it is on its way and counts no longer
        for number in range(MOST_WAITING + 5):
            voice.say(str(number))
        chat.open.set()
        await chat.hears(1 + MOST_WAITING)
        assert [text for text, _ in chat.heard] == ["first", *map(str, range(5, MOST_WAITING + 5))]

    assert run(work)["say_shed"] == 5


def test_an_answer_nobody_remembers_the_question_of_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        monkeypatch.setattr(eventsub_voice, "LATEST_MS", -1.0)
        voice.say("late")
        monkeypatch.setattr(eventsub_voice, "LATEST_MS", 60_000.0)
        voice.say("in time")
        await chat.hears(1)
        assert chat.heard == [("in time", "")]

    assert run(work)["say_late"] == 1


def test_each_reason_for_a_line_not_shown_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    dropped = Sent(False, "msg_duplicate", "Your message was not sent.")

    async def work(voice: Voice, chat: Chat) -> None:
        for _ in range(3):
            voice.say("again")
        await chat.hears(3)
        await asyncio.sleep(0)

    with caplog.at_level(logging.WARNING):
        assert run(work, dropped, dropped, dropped)["say_dropped"] == 3
    assert caplog.messages == ["Twitch did not show a line of ours: it is the same as the last one."]


def test_a_login_that_may_not_write_is_told_and_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        voice.say("hello")
        await chat.hears(1)
        await asyncio.sleep(0)
        assert not voice.allowed

    with caplog.at_level(logging.WARNING):
        run(work, HelixError(401, "Missing scope: user:write:chat"))
    assert "user:write:chat" in caplog.text


@pytest.mark.parametrize("error", [HelixError(503, ""), HelixError(0, "x"), LoginLostError("gone", "file")])
def test_a_failure_is_counted_and_the_next_line_is_tried(error: Exception) -> None:
    async def work(voice: Voice, chat: Chat) -> None:
        voice.say("one")
        voice.say("two")
        await chat.hears(2)
        await asyncio.sleep(0)
        assert voice.allowed

    assert run(work, error) == {"say_failed": 1, "said": 1}
