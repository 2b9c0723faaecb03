from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO, Any

import pytest

from bot.chat.error import SourceError
from bot.chat.line import ChatCleared, ChatEvent, ChatLine, SourceState
from bot.chat.log import BLOCK_BYTES, LONGEST_BATCH, LogSource
from tunnel.wallclock import WallClock


class FakeClock(WallClock):
    """Advances only when somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = 1_000.0

    def now(self) -> float:
        return self.ms


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    turn = asyncio.sleep

    async def sleep(seconds: float) -> None:
        clock.ms += seconds * 1000
        await turn(0)

    monkeypatch.setattr("bot.chat.log.asyncio.sleep", sleep)
    return clock


def play(source: LogSource) -> list[list[ChatEvent]]:
    async def main() -> list[list[ChatEvent]]:
        return [batch async for batch in source.events()]

    return asyncio.run(asyncio.wait_for(main(), 30))


def lines(batches: list[list[ChatEvent]]) -> list[ChatLine]:
    return [event for batch in batches for event in batch if isinstance(event, ChatLine)]


def recording(folder: Path, text: str | bytes) -> Path:
    file = folder / "chat.log"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


MIXED = """\
# a comment
@id=d8;tmi-sent-ts=1700000000000;user-id=7 :ada!ada@x PRIVMSG #arcade :left
@id=d8;tmi-sent-ts=1700000000000;user-id=7 :ada!ada@x PRIVMSG #arcade :left

1700000001000 bob: right
bob: down
:tmi.twitch.tv CLEARCHAT #arcade
"""


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_lines_come_when_they_came(tmp_path: Path, clock: FakeClock, speed: float) -> None:
    played = lines(play(LogSource(recording(tmp_path, MIXED), speed, clock)))
    assert [(line.user, line.text) for line in played] == [("7", "left"), ("bob", "right"), ("bob", "down")]
    assert [line.arrived_ms - 1_000 for line in played] == [0, 1_000 / speed, 2_000 / speed]


def test_a_recording_that_was_held_up_goes_on_at_its_own_pace(tmp_path: Path, clock: FakeClock) -> None:
    text = "".join(f"{1_700_000_000_000 + at} ada: left\n" for at in range(0, 5_000, 1_000))
    arrived: list[float] = []

    async def main() -> None:
        async for batch in LogSource(recording(tmp_path, text), 1.0, clock).events():
            arrived.extend(line.arrived_ms - 1_000 for line in lines([batch]))
            if len(arrived) == 2:
                clock.ms += 60_000  # nobody to play to for a minute

    asyncio.run(asyncio.wait_for(main(), 30))
    assert arrived == [0, 1_000, 62_000, 63_000, 64_000]


def test_without_a_speed_everything_comes_at_once(tmp_path: Path, clock: FakeClock) -> None:
    batches = play(LogSource(recording(tmp_path, MIXED), 0, clock))
    assert clock.ms == 1_000.0
    assert [len(batch) for batch in batches] == [1, 4, 1]
    assert batches[1][-1] == ChatCleared()


def test_it_says_when_it_begins_and_ends(tmp_path: Path, clock: FakeClock) -> None:
    first, *_, last = play(LogSource(recording(tmp_path, MIXED), 0, clock))
    assert isinstance(first[0], SourceState)
    assert isinstance(last[0], SourceState)
    assert (first[0].up, last[0].up) == (True, False)
    assert last[0].ended  # which is no fault


def test_a_long_recording_comes_whole_and_in_batches(tmp_path: Path, clock: FakeClock) -> None:
    count = 3 * BLOCK_BYTES // 20
    text = "".join(f"{1_700_000_000_000 + number} ada: {number}\n" for number in range(count))
    batches = play(LogSource(recording(tmp_path, text.removesuffix("\n")), 0, clock))
    assert [line.text for line in lines(batches)] == [str(number) for number in range(count)]
    assert max(map(len, batches)) == LONGEST_BATCH


def test_what_cannot_be_read_is_counted(tmp_path: Path, clock: FakeClock) -> None:
    text = b"ada: left\nnonsense\n\xff\xfe\nada: " + b"x" * 100_000 + b"\nada: ri\xffght"
    source = LogSource(recording(tmp_path, text), 0, clock)
    assert [line.text for line in lines(play(source))] == ["left", "ri\ufffdght"]
    assert source.counters == {"line_malformed": 2, "line_too_long": 1}


def test_closing_it_in_the_middle_closes_the_file_at_once(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = LogSource(recording(tmp_path, "ada: left\n" * 2 * LONGEST_BATCH), 0, clock)
    opened: list[IO[Any]] = []
    really_open = Path.open

    def open_and_keep(path: Path, mode: str) -> IO[Any]:
        opened.append(really_open(path, mode))
        return opened[-1]

    monkeypatch.setattr(Path, "open", open_and_keep)

    async def main() -> None:
        events = source.events()
        await anext(events)
        assert len(await anext(events)) == LONGEST_BATCH
        assert not opened[0].closed
        await events.aclose()
        assert opened[0].closed

    asyncio.run(asyncio.wait_for(main(), 30))


def test_a_file_that_fails_ends_with_a_sentence(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = LogSource(recording(tmp_path, MIXED), 0, clock)
    (tmp_path / "chat.log").unlink()
    *_, [state] = play(source)
    assert isinstance(state, SourceState)
    assert "No such file" in state.text


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(tmp_path: Path, speed: float) -> None:
    with pytest.raises(SourceError, match="speed"):
        LogSource(recording(tmp_path, ""), speed)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        LogSource(tmp_path / "nowhere")
