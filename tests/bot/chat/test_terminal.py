from __future__ import annotations

import asyncio
import io
import os
import threading

import pytest

from bot.chat.limits import NO_LIMITS
from bot.chat.line import ChatEvent, ChatLine, SourceState
from bot.chat.terminal import MAX_LINE_BYTES, MAX_PIECES, TerminalSource
from config.levels import Level


class Script:
    """An input that gives one piece after the other, then the end."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.reads = 0

    def read(self, size: int, /) -> bytes:
        self.reads += 1
        return self._pieces.pop(0) if self._pieces else b""


class Broken:
    """A terminal that went away."""

    def read(self, size: int, /) -> bytes:
        raise OSError("input/output error")


def play(source: TerminalSource) -> list[ChatEvent]:
    async def main() -> list[ChatEvent]:
        return [event async for batch in source.events() for event in batch]

    return asyncio.run(asyncio.wait_for(main(), 30))


def texts(events: list[ChatEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatLine)]


def test_each_line_typed_is_a_line_of_the_broadcaster() -> None:
    first, line, other, last = play(TerminalSource("me", stream=Script(b"le", b"ft\r\n\n  \nri", b"ght")))
    assert isinstance(first, SourceState)
    assert isinstance(line, ChatLine)
    assert isinstance(other, ChatLine)
    assert isinstance(last, SourceState)
    assert (first.up, last.up) == (True, False)
    assert (line.text, line.user, line.name, line.level) == ("left", "me", "me", Level.BROADCASTER)
    assert other.text == "right"
    assert line.id != other.id


def test_a_line_that_never_ends_is_counted_and_dropped() -> None:
    source = TerminalSource(stream=Script(*[b"x" * 1024] * (MAX_LINE_BYTES // 1024 + 1), b"\nleft\n"))
    assert texts(play(source)) == ["left"]
    assert source.counters == {"line_too_long": 1}


def test_a_terminal_that_goes_away_is_the_end() -> None:
    events = play(TerminalSource(stream=Broken()))
    assert [event.up for event in events if isinstance(event, SourceState)] == [True, False]


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "none at all"])
def test_without_an_input_it_ends_at_once(monkeypatch: pytest.MonkeyPatch, closed: bool) -> None:
    stdin = io.TextIOWrapper(io.BytesIO())
    stdin.close()
    monkeypatch.setattr("sys.stdin", stdin if closed else None)
    states = [event for event in play(TerminalSource()) if isinstance(event, SourceState)]
    assert [(state.up, state.ended) for state in states] == [(True, False), (False, True)]


def test_whoever_pipes_in_waits_for_the_bot() -> None:
    async def main() -> None:
        script = Script(*[b"a\n"] * 1_000)
        events = TerminalSource(stream=script).events()
        await anext(events)
        await anext(events)
        await asyncio.sleep(0.05)  # the thread may read on in this time, and must not
        assert script.reads <= MAX_PIECES + 1
        rest = [event async for batch in events for event in batch]
        assert len(rest) == 1_000

    asyncio.run(asyncio.wait_for(main(), 30))


def test_nobody_waits_for_the_thread_when_the_loop_ends() -> None:
    reading, writing = os.pipe()
    stream = io.FileIO(reading)

    async def main() -> None:
        events = TerminalSource(stream=stream).events()
        await anext(events)
        os.write(writing, b"left\n")
        assert texts(await anext(events)) == ["left"]
        await events.aclose()

    asyncio.run(asyncio.wait_for(main(), 30))
    threads = [thread for thread in threading.enumerate() if thread.name == "terminal"]
    assert all(thread.daemon for thread in threads)
    os.close(writing)
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    stream.close()


def test_an_answer_is_a_line_on_the_screen() -> None:
    screen = io.StringIO()
    source = TerminalSource(screen=screen)
    assert source.can_say
    assert source.limits == NO_LIMITS
    source.say("left\nis left", reply_to="terminal-1")
    assert screen.getvalue() == "> left is left\n"
    assert source.counters == {"said": 1}


@pytest.mark.parametrize("there", [True, False], ids=["closed", "none at all"])
def test_a_screen_that_is_gone_costs_only_the_answer(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    screen = io.StringIO()
    screen.close()
    monkeypatch.setattr("sys.stderr", screen if there else None)
    source = TerminalSource()
    source.say("left")
    assert source.counters == {"unsaid": 1}
