"""Two ends with boards: what one's links say the other's are told, by whichever place works."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.tunnel.rendezvous.conftest import TCP, UDP, Ends
from tunnel.nat.offer import Offer, parse
from tunnel.rendezvous import board as board_module
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.letter import BRIEF, WHOLE, Signal, seal
from tunnel.rendezvous.place import PlaceError
from tunnel.room import DAY_MS
from tunnel.wallclock import WallClock

LONGEST_S: Final = 30.0


class Shelf:
    """A place within this process: `there` is what lies in the other end's hole, whoever put it there."""

    def __init__(self, name: str = "shelf", failures: int = 0) -> None:
        self.counters: Counter[str] = Counter()
        self.name = name
        self.failures = failures  # how often it fails before it works
        self.runs = 0
        self.posted: list[bytes] = []
        self.connected: list[bool] = []
        self.letters: asyncio.Queue[bytes | PlaceError] = asyncio.Queue()
        self.others: list[Shelf] = []

    def facing(self, *others: Shelf) -> Shelf:
        """What is posted here arrives at these."""
        self.others = list(others)
        return self

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise PlaceError(f"{self.name} is closed.")
        on_up()
        while True:
            letter = await self.letters.get()
            if isinstance(letter, PlaceError):
                raise letter
            on_letter(letter)

    def post(self, letter: bytes) -> None:
        self.posted.append(letter)
        for other in self.others:
            other.letters.put_nowait(letter)


class PatientShelf(Shelf):
    """One that costs its owner something."""

    def set_connected(self, connected: bool) -> None:
        self.connected.append(connected)


class Told(list[tuple[int, bytes]]):
    """What a board hands on."""

    def __call__(self, kind: int, body: bytes) -> None:
        self.append((kind, body))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not condition():  # noqa: ASYNC110  many things may make it true
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*boards: Board) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(board.run()) for board in boards]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, LONGEST_S))


def test_what_both_links_say_arrives_at_the_other_end(ends: Ends, offer: Callable[..., Offer]) -> None:
    async def scene() -> None:
        told, clock, cloud_shelf = Told(), WallClock(), Shelf()
        bot = Board(ends.bot, [Shelf().facing(cloud_shelf)], clock, Told())
        cloud = Board(ends.cloud, [cloud_shelf], clock, told)
        signals = [(UDP, offer(1).pack()), (TCP, offer(2).pack())]
        async with running(bot, cloud):
            for kind, body in signals:
                bot.put(kind, body)
            await until(lambda: told)
            assert told == signals
            posted, read = bot.reports()[0], cloud.reports()[0]
            assert (posted.state, posted.posted, posted.read, posted.last_ms) == ("working", 1, 0, None)
            assert (read.state, read.posted, read.read) == ("working", 0, 1)
            assert read.last_ms is not None
            assert read.last_ms <= clock.now()

    play(scene())


def test_a_letter_that_comes_by_several_places_is_handed_on_once(ends: Ends) -> None:
    async def scene() -> None:
        told, clock = Told(), WallClock()
        shelves = [Shelf("a"), Shelf("b"), Shelf("c")]
        cloud = Board(ends.cloud, shelves, clock, told)
        bot = Board(ends.bot, [Shelf().facing(*shelves)], clock, Told())
        async with running(bot, cloud):
            bot.put(UDP, b"one")
            await until(lambda: cloud.counters["dropped: letter read already"] == 2)
        assert told == [(UDP, b"one")]
        assert sum(report.read for report in cloud.reports()) == 1

    play(scene())


def test_places_that_fail_are_tried_again_while_the_first_that_works_is_used(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        told, clock = Told(), WallClock()
        closed, late, good = Shelf("closed", 1_000_000), Shelf("late", 3), Shelf("good")
        cloud = Board(ends.cloud, [closed, late, good], clock, told)
        bot = Board(ends.bot, [Shelf().facing(good, late)], clock, Told())
        async with running(bot, cloud):
            bot.put(UDP, b"one")
            await until(lambda: told)
            await until(lambda: cloud.reports()[1].state == "working")
            await until(lambda: closed.runs >= 4)
            report = cloud.reports()[0]
            assert report.state in ("waiting", "connecting")
            assert report.why == "closed is closed."
        assert late.runs == 4
        assert told == [(UDP, b"one")]

    with caplog.at_level(logging.WARNING):
        play(scene())
    assert caplog.messages.count("closed: closed is closed.") == 1


def test_a_place_that_fails_in_the_middle_comes_back(ends: Ends) -> None:
    async def scene() -> None:
        shelf = Shelf()
        board = Board(ends.cloud, [shelf], WallClock(), Told())
        async with running(board):
            await until(lambda: board.reports()[0].state == "working")
            shelf.letters.put_nowait(PlaceError("Gone."))
            await until(lambda: shelf.runs == 2 and board.reports()[0].state == "working")

    play(scene())


class WrongShelf(Shelf):
    """Programmed badly: `run` raises what no place may, or ends, and `post` raises too."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__("wrong")
        self.error = error

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error

    def post(self, letter: bytes) -> None:
        super().post(letter)
        raise ValueError("post")


@pytest.mark.parametrize("error", [KeyError("a mistake"), OSError("nobody caught it"), None])
def test_a_mistake_in_one_place_is_logged_once_and_costs_that_place_alone(
    ends: Ends, caplog: pytest.LogCaptureFixture, error: Exception | None
) -> None:
    async def scene() -> None:
        wrong, good = WrongShelf(error), Shelf()
        board = Board(ends.bot, [wrong, good], WallClock(), Told())
        async with running(board):
            await until(lambda: wrong.runs >= 3)
            board.put(UDP, b"one")
            await until(lambda: wrong.posted and good.posted)
            report = board.reports()[0]
            assert report.why == "A mistake in this program stopped it; it is tried again."
            assert board.reports()[1].state == "working"
            assert board.counters["mistakes of this program"] >= 4

    play(scene())
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    first = "ended by itself" if error is None else str(error)
    assert [record.exc_info is not None for record in logged][:2] == [True, True]
    assert sum(first in str(record.exc_info) for record in logged) <= 2, "again only after the other one"
    assert any("post" in str(record.exc_info) for record in logged)


def test_people_carry_the_brief_kind_and_places_the_whole(ends: Ends, offer: Callable[..., Offer]) -> None:
    async def scene() -> None:
        told, clock = Told(), WallClock()
        whole, carried, peer_s = Shelf("whole"), Shelf("by hand"), Shelf("peer's")
        bot = Board(ends.bot, [whole], clock, Told(), by_hand=[carried.facing(peer_s)])
        cloud = Board(ends.cloud, [], clock, told, by_hand=[peer_s])
        async with running(bot, cloud):
            bot.put(UDP, offer(1).pack())
            await until(lambda: told)
        assert whole.posted[0][0] == WHOLE
        assert carried.posted[0][0] == BRIEF
        assert parse(told[0][1]).credentials == offer(1).credentials

    play(scene())


class SleptClock(WallClock):
    """Stood while the machine slept; the system's date knows better."""

    slept_ms = 0.0

    def date(self) -> float:
        return self.now() + self.slept_ms


def test_after_a_sleep_of_days_both_ends_write_and_read_by_the_date_of_the_day(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_module, "_DATE_MS", 10.0)

    async def scene() -> None:
        told, slept, awake = Told(), SleptClock(), SleptClock()
        awake.slept_ms = 5.0 * DAY_MS
        shelf, cloud_shelf = Shelf(), Shelf()
        bot = Board(ends.bot, [shelf], slept, Told())
        async with running(bot):
            bot.put(UDP, b"the same")
            await until(lambda: len(shelf.posted) == 1)
            slept.slept_ms = awake.slept_ms
            await until(lambda: len(shelf.posted) == 2)
        cloud = Board(ends.cloud, [cloud_shelf], awake, told)
        async with running(cloud):
            cloud_shelf.letters.put_nowait(shelf.posted[0])
            await until(lambda: cloud.counters == {"dropped: letter, foreign": 1})
            cloud_shelf.letters.put_nowait(shelf.posted[1])
            await until(lambda: told)
        assert told == [(UDP, b"the same")]

    play(scene())


def test_offers_said_many_times_a_second_leave_once(ends: Ends) -> None:
    async def scene() -> None:
        shelf = Shelf()
        board = Board(ends.bot, [shelf], WallClock(), Told())
        async with running(board):
            for _ in range(5_000):
                board.put(UDP, b"the same")
            await until(lambda: shelf.posted)
            board.put(UDP, b"the same")
            await asyncio.sleep(0)
        assert len(shelf.posted) == 1

    play(scene())


def test_what_was_said_before_the_board_runs_leaves_once_it_does(ends: Ends) -> None:
    async def scene() -> None:
        shelf = Shelf()
        board = Board(ends.bot, [shelf], WallClock(), Told())
        board.put(UDP, b"early")
        async with running(board):
            await until(lambda: shelf.posted)

    play(scene())


def test_a_flooded_place_is_counted_and_keeps_nothing_from_the_others(ends: Ends) -> None:
    async def scene() -> None:
        told, clock = Told(), WallClock()
        flooded, quiet = Shelf("flooded"), Shelf("quiet")
        board = Board(ends.cloud, [flooded, quiet], clock, told)
        for number in range(10_000):
            flooded.letters.put_nowait(b"\x01" + number.to_bytes(4, "little") * 50)
        quiet.letters.put_nowait(seal((Signal(UDP, b"good"),), ends.bot, clock.now()))
        async with running(board):
            await until(lambda: told)
            await until(flooded.letters.empty)
        assert told == [(UDP, b"good")]
        dropped = board.counters
        assert dropped["dropped: letters over the rate"] + dropped["dropped: letter, foreign"] == 10_000
        assert dropped["dropped: letter, foreign"] < 1_000

    play(scene())


def test_places_that_cost_something_are_told_when_nobody_waits_any_more(ends: Ends) -> None:
    async def scene() -> None:
        patient = PatientShelf()
        board = Board(ends.bot, [Shelf(), patient], WallClock(), Told())
        board.set_connected(True)
        board.set_connected(False)
        assert patient.connected == [True, False]

    play(scene())


def test_a_board_without_places_waits_in_peace(ends: Ends) -> None:
    async def scene() -> None:
        board = Board(ends.bot, [], WallClock(), Told())
        async with running(board):
            board.put(UDP, b"nobody hears it")
            await asyncio.sleep(0)
            assert board.reports() == []

    play(scene())


def test_what_places_drop_is_counted_too(ends: Ends) -> None:
    async def scene() -> None:
        shelf = Shelf()
        board = Board(ends.bot, [shelf], WallClock(), Told())
        shelf.counters["dropped: too long"] += 2
        assert board.counters == {"dropped: too long": 2}

    play(scene())
