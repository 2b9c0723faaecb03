from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from bench.world.twitch import LocalTwitch
from bot.chat import mailbox
from bot.chat.error import SourceError
from bot.chat.irc_source import TWITCH_URL, IrcSource
from bot.chat.limits import AS_MODERATOR, AS_VIEWER
from bot.chat.line import ChatCleared, ChatEvent, ChatLine, MessageDeleted, SourceState, UserCleared
from bot.chat.patience import FIRST_MS
from config.levels import Level

DEADLINE_SECONDS = 30


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, DEADLINE_SECONDS))


class Listener:
    """Follows a source and keeps what it says."""

    def __init__(self, source: IrcSource) -> None:
        self.source = source
        self.events: list[ChatEvent] = []
        self.batches = 0
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for batch in self.source.events():
            self.events += batch
            self.batches += 1
            self._news.set()

    async def until(self, condition: Callable[[list[ChatEvent]], bool]) -> None:
        while not condition(self.events):
            assert not self._task.done(), self._task
            self._news.clear()
            await self._news.wait()

    async def hear(self, text: str) -> None:
        await self.until(lambda events: text in self.texts)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, ChatLine)]

    @property
    def states(self) -> list[SourceState]:
        return [event for event in self.events if isinstance(event, SourceState)]

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@contextlib.asynccontextmanager
async def world(**options: Any) -> AsyncIterator[tuple[LocalTwitch, Listener]]:
    """A chat server and a source that reads its channel, already joined."""
    twitch = LocalTwitch(("arcade",))
    await twitch.start()
    listener = Listener(IrcSource(twitch.url, "#Arcade", **options))
    try:
        await twitch.joined()
        await listener.until(bool)
        yield twitch, listener
    finally:
        await listener.stop()
        await twitch.stop()


@contextlib.asynccontextmanager
async def reader(url: str) -> AsyncIterator[Callable[[], Coroutine[Any, Any, str]]]:
    """A viewer who gives the next chat line each time."""
    async with connect(url, compression=None, proxy=None) as socket:
        await socket.send("NICK justinfan7\r\nJOIN #arcade")
        frame = ""
        while " 366 " not in frame:
            frame = str(await socket.recv())

        async def next_line() -> str:
            line = ""
            while " PRIVMSG " not in line:
                line = str(await socket.recv()).strip()
            return line

        yield next_line


async def until(condition: Callable[[], bool]) -> None:
    """Turns of the loop until it holds; whoever calls has a deadline."""
    for _ in itertools.count():
        if condition():
            return
        await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def own_server(
    talk: Callable[[ServerConnection, int], Coroutine[Any, Any, None]],
) -> AsyncIterator[Listener]:
    """A server of the test's own: `talk` gets each connection and its number, from 0."""
    connections = 0

    async def handle(socket: ServerConnection) -> None:
        nonlocal connections
        number, connections = connections, connections + 1
        await talk(socket, number)

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        listener = Listener(IrcSource(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", "arcade"))
        try:
            yield listener
        finally:
            await listener.stop()


def line(text: str) -> str:
    return f":ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :{text}"


def test_it_joins_says_so_and_reads() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            id = twitch.say("Ada", "a500ms b+right")
            await listener.hear("a500ms b+right")
            state, chat_line = listener.events
            assert isinstance(state, SourceState)
            assert state.up
            assert isinstance(chat_line, ChatLine)
            assert (chat_line.id, chat_line.name, chat_line.room) == (id, "Ada", "arcade")
            assert chat_line.sent_ms is not None
            assert all(member.is_anonymous for member in twitch.members)

    run(main())


def test_a_token_logs_in_as_its_owner() -> None:
    async def main() -> None:
        async with world(nick="Bot", token="oauth:good") as (twitch, _):
            assert {member.nick for member in twitch.members} == {"bot"}

    run(main())


def test_an_answer_is_shown_in_the_chat_under_the_line_it_answers() -> None:
    async def main() -> None:
        async with world(nick="bot", token="good") as (twitch, listener), reader(twitch.url) as heard:
            assert listener.source.can_say
            id = twitch.say("Kim", "!help")
            await listener.hear("!help")
            assert (await heard()).endswith("!help")
            listener.source.say("Type an input.\r\nQUIT", id)
            assert (await heard()).endswith("PRIVMSG #arcade :@Kim Type an input. QUIT")
            assert listener.source.counters == {"said": 1}
            assert listener.texts == ["!help"]

    run(main())


def test_who_reads_anonymously_says_nothing() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            assert not listener.source.can_say
            listener.source.say("hello")
            assert listener.source.counters == {"unsaid": 1}
            assert not twitch.counters["privmsg_ignored"]

    run(main())


def test_the_pace_is_that_of_a_moderator_once_twitch_says_so() -> None:
    async def main() -> None:
        async with world(nick="bot", token="good") as (twitch, listener):
            assert listener.source.limits == AS_VIEWER
            twitch.levels["bot"] = Level.MODERATOR
            listener.source.say("hello")
            await until(lambda: listener.source.limits == AS_MODERATOR)

    run(main())


def test_after_a_reconnect_it_speaks_on_and_over_a_broken_line_it_does_not() -> None:
    async def main() -> None:
        async with world(nick="bot", token="good") as (twitch, listener):
            twitch.ask_reconnect(close_after_ms=60_000.0)
            await twitch.joined(2)
            listener.source.say("hello")
            await until(lambda: twitch.counters["privmsg"] == 1)
            twitch.drop_all()
            await until(lambda: not listener.states[-1].up)
            listener.source.say("anybody?")
            assert listener.source.counters["unsaid"] == 1
            await until(lambda: listener.states[-1].up)
            listener.source.say("back")
            await until(lambda: twitch.counters["privmsg"] == 2)

    run(main())


def test_before_it_has_begun_nothing_is_said() -> None:
    source = IrcSource("ws://127.0.0.1:1", "arcade", "bot", "good")
    source.say("hello")
    assert source.counters == {"unsaid": 1}


def test_bans_and_deletions_arrive_between_the_lines() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            id = twitch.say("Ada", "left")
            twitch.delete_message(id)
            twitch.clear_user("ada")
            twitch.clear_chat()
            await listener.until(lambda events: ChatCleared() in events)
            _, said, deleted, cleared, all_cleared = listener.events
            assert isinstance(said, ChatLine)
            assert (deleted, cleared, all_cleared) == (
                MessageDeleted(id),
                UserCleared(said.user),
                ChatCleared(),
            )

    run(main())


def test_many_lines_in_one_frame_come_in_one_batch_in_order() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            before = listener.batches
            twitch.say_many(("ada", str(number)) for number in range(100))
            await listener.hear("99")
            assert listener.texts == [str(number) for number in range(100)]
            assert listener.batches == before + 1

    run(main())


def test_a_reconnect_in_the_middle_loses_and_doubles_nothing() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            both_are_here = asyncio.Event()
            old = set(twitch.members)
            talking = asyncio.create_task(talk(twitch, both_are_here))
            await listener.hear("50")
            twitch.ask_reconnect(close_after_ms=60_000.0)
            await twitch.joined(2)
            both_are_here.set()
            await listener.hear("150")
            for member in old:
                await member.socket.close()
            await talking
            await listener.hear("299")
            assert listener.texts == [str(number) for number in range(300)]
            assert listener.source.counters["duplicate"] > 0
            assert listener.source.counters["reconnect"] == 1
            assert all(state.up for state in listener.states)

    async def talk(twitch: LocalTwitch, both_are_here: asyncio.Event) -> None:
        for number in range(300):
            twitch.say("ada", str(number))
            await asyncio.sleep(0)
            if number == 100:
                await both_are_here.wait()

    run(main())


def test_a_broken_line_is_said_and_mended_and_ids_are_remembered() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            twitch.say("ada", "left", id="d8-41")
            await listener.hear("left")
            twitch.drop_all()
            await listener.until(lambda events: len(listener.states) >= 3)
            assert [state.up for state in listener.states] == [True, False, True]
            await twitch.joined()
            twitch.say("ada", "left", id="d8-41")
            twitch.say("ada", "right")
            await listener.hear("right")
            assert listener.texts == ["left", "right"]

    run(main())


def test_a_refused_token_is_said_in_a_sentence() -> None:
    async def main() -> None:
        twitch = LocalTwitch(("arcade",), tokens=frozenset({"good"}))
        await twitch.start()
        listener = Listener(IrcSource(twitch.url, "arcade", "bot", "bad"))
        try:
            await listener.until(bool)
            [state] = listener.states
            assert not state.up
            assert "token" in state.text
            assert "bad" not in state.text.replace("bot", "")
        finally:
            await listener.stop()
            await twitch.stop()

    run(main())


def test_a_server_that_is_not_there_is_said_once_in_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serve(lambda socket: socket.close(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        start = asyncio.get_running_loop().time()
        listener = Listener(IrcSource(f"ws://127.0.0.1:{port}", "arcade"))
        await listener.until(lambda events: len(events) >= 2)
        assert asyncio.get_running_loop().time() - start >= FIRST_MS / 2 / 1000
        assert not any(state.up for state in listener.states)
        assert "cannot be read: connection refused. Trying again in" in listener.states[0].text
        assert not caplog.messages  # whoever listens logs the sentence, once
        await listener.stop()

    with caplog.at_level("INFO", logger="bot.chat"):
        run(main())


def test_a_ping_is_answered_on_the_wire() -> None:
    async def main() -> None:
        answered = asyncio.Event()

        async def talk(socket: ServerConnection, number: int) -> None:
            await socket.send("PING :tmi.twitch.tv\r\n")
            async for frame in socket:
                if frame == "PONG :tmi.twitch.tv":
                    answered.set()

        async with own_server(talk):
            await answered.wait()

    run(main())


def test_a_hundred_kilobytes_and_a_binary_frame_do_not_cost_the_connection() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            twitch.raw("x" * 100_000)
            twitch.raw(line("y" * 100_000))
            twitch.raw(line("left").encode(), binary=True)
            twitch.raw(line("right") + "\n" + line("down"))
            await listener.hear("down")
            assert listener.texts == ["right", "down"]
            assert listener.source.counters == {"line_malformed": 2, "binary_frame": 1}
            assert len(twitch.members) == 1

    run(main())


@pytest.mark.parametrize(
    "poison", [b"\xff\xfe left", b"x" * (1 << 20) + b"x"], ids=["not UTF-8", "a megabyte"]
)
def test_a_frame_that_breaks_websocket_costs_one_reconnect(poison: bytes) -> None:
    async def main() -> None:
        async def talk(socket: ServerConnection, number: int) -> None:
            await socket.send(line(f"left{number}"))
            if number == 0:
                await socket.send(poison, text=True)
            await socket.wait_closed()

        async with own_server(talk) as listener:
            await listener.hear("left1")
            assert listener.source.counters["reconnect"] == 1
            assert [state.up for state in listener.states] == [True, False, True]

    run(main())


def test_a_server_that_only_ever_says_reconnect_is_not_hammered() -> None:
    async def main() -> None:
        connections = 0

        async def talk(socket: ServerConnection, number: int) -> None:
            nonlocal connections
            connections += 1
            await socket.send(":tmi.twitch.tv RECONNECT")
            await socket.send(line(f"left{number}"))
            await socket.wait_closed()

        async with own_server(talk) as listener:
            await listener.hear("left2")
            assert connections == listener.source.counters["reconnect"] == 3

    run(main())


def test_a_bot_that_falls_behind_is_waited_for_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "FULL_AT", 100)

    async def main() -> None:
        twitch = LocalTwitch(("arcade",))
        await twitch.start()
        events = IrcSource(twitch.url, "arcade").events()
        async with contextlib.aclosing(events):
            await anext(events)
            [member] = twitch.members
            said = 0
            while not member.socket.transport.get_write_buffer_size():
                said += len(twitch.say_many([("ada", "x" * 400)] * 128))
                await asyncio.sleep(0)
            while said:
                said -= len(await anext(events))
        await twitch.stop()

    run(main())


def test_closing_the_source_closes_its_connections() -> None:
    async def main() -> None:
        async with world() as (twitch, listener):
            await listener.stop()
            await asyncio.gather(*(member.socket.wait_closed() for member in twitch.members))

    run(main())


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"url": "http://chat.example"}, "url"),
        ({"url": "wss://"}, "url"),
        ({"channel": "two words"}, "channel"),
        ({"channel": "a\r\nQUIT"}, "channel"),
        ({"token": "abc"}, "nick"),
        ({"token": "a b\r\nQUIT", "nick": "bot"}, "token"),
        ({"token": "abc", "nick": "bot\n"}, "nick"),
        ({"token": "abc", "nick": "bot", "url": "ws://chat.example"}, "unencrypted"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(options: dict[str, Any], word: str) -> None:
    with pytest.raises(SourceError, match=word):
        IrcSource(**{"url": TWITCH_URL, "channel": "arcade", **options})
