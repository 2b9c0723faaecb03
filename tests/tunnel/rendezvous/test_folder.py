"""A folder as a meeting place: between two boards, over midnight, and when the disk fails or hangs."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.tunnel.rendezvous.conftest import NOW, UDP, Ends
from tunnel.nat.offer import Offer, parse
from tunnel.rendezvous import folder
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.files import Files
from tunnel.rendezvous.folder import OWN_LETTER, PEER_LETTER, FolderPlace, HandNames, HoleNames, by_hand
from tunnel.rendezvous.letter import from_text, to_text
from tunnel.rendezvous.place import MAX_LETTER, PlaceError
from tunnel.room import DAY_MS
from tunnel.wallclock import WallClock

LONGEST_S: Final = 30.0


class SetClock(WallClock):
    """Shows the date that it is told to."""

    def __init__(self, now: float = NOW) -> None:
        super().__init__()
        self.shown = now

    def date(self) -> float:
        return self.shown


class Visit:
    """A place that runs, and what it handed over."""

    def __init__(self, place: FolderPlace) -> None:
        self.place = place
        self.ups = 0
        self.letters: list[bytes] = []
        self.error: PlaceError | None = None

    async def run(self) -> None:
        def up() -> None:
            self.ups += 1

        try:
            await self.place.run(up, self.letters.append)
        except PlaceError as error:
            self.error = error


@asynccontextmanager
async def visiting(place: FolderPlace) -> AsyncIterator[Visit]:
    visit = Visit(place)
    task = asyncio.create_task(visit.run())
    try:
        yield visit
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not condition():  # noqa: ASYNC110  many things may make it true
            await asyncio.sleep(0.005)


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, LONGEST_S))


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long where a test waits for it."""
    monkeypatch.setattr(folder, "_LOOK_S", 0.01)


def contents(at: Path) -> dict[str, bytes]:
    """What lies there; nothing if something is just being taken away."""
    try:
        return {file.name: file.read_bytes() for file in at.iterdir()}
    except FileNotFoundError:
        return {}


def test_two_boards_meet_in_a_folder(tmp_path: Path, ends: Ends, offer: Callable[..., Offer]) -> None:
    async def scene() -> None:
        told: dict[str, list[bytes]] = {"bot": [], "cloud": []}
        clock = WallClock()
        places = [FolderPlace(tmp_path / "made", HoleNames(keys), clock) for keys in (ends.bot, ends.cloud)]
        bot = Board(ends.bot, [places[0]], clock, lambda kind, body: told["bot"].append(body))
        cloud = Board(ends.cloud, [places[1]], clock, lambda kind, body: told["cloud"].append(body))
        tasks = [asyncio.create_task(board.run()) for board in (bot, cloud)]
        bot.put(UDP, offer(1).pack())
        cloud.put(UDP, offer(2).pack())
        await until(lambda: all(told.values()))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert told == {"bot": [offer(2).pack()], "cloud": [offer(1).pack()]}
        assert len(contents(tmp_path / "made")) == 2

    play(scene())


def test_two_people_carry_letters_by_telephone(
    tmp_path: Path, ends: Ends, offer: Callable[..., Offer]
) -> None:
    async def scene() -> None:
        told: list[bytes] = []
        clock = WallClock()
        homes = [tmp_path / name for name in ("bot.paths", "receiver.paths")]
        bot = Board(ends.bot, [], clock, lambda kind, body: None, by_hand=[by_hand(homes[0], clock)])
        cloud = Board(
            ends.cloud, [], clock, lambda kind, body: told.append(body), by_hand=[by_hand(homes[1], clock)]
        )
        tasks = [asyncio.create_task(board.run()) for board in (bot, cloud)]
        bot.put(UDP, offer(1).pack())
        own = homes[0] / OWN_LETTER
        await until(lambda: own.exists() and homes[1].exists())
        (homes[1] / PEER_LETTER).write_bytes(from_text(to_text(own.read_bytes()).lower()))
        await until(lambda: told)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert parse(told[0]).credentials == offer(1).credentials

    play(scene())


def test_a_letter_is_handed_over_once_and_another_when_it_comes(tmp_path: Path, ends: Ends) -> None:
    async def scene() -> None:
        clock = SetClock()
        theirs = tmp_path / HoleNames(ends.bot).own(NOW)
        theirs.write_bytes(b"one")
        async with visiting(FolderPlace(tmp_path, HoleNames(ends.cloud), clock)) as visit:
            await until(lambda: visit.letters == [b"one"])
            assert visit.ups == 1
            theirs.write_bytes(b"another")
            await until(lambda: visit.letters == [b"one", b"another"])

    play(scene())


def test_at_midnight_the_letter_moves_and_both_holes_are_looked_at(tmp_path: Path, ends: Ends) -> None:
    async def scene() -> None:
        clock, names = SetClock(), HoleNames(ends.bot)
        place = FolderPlace(tmp_path, names, clock)
        place.post(b"ours")
        async with visiting(place) as visit:
            await until(lambda: contents(tmp_path) == {names.own(NOW): b"ours"})
            midnight = NOW + DAY_MS // 2
            clock.shown = midnight
            await until(lambda: contents(tmp_path) == {names.own(midnight): b"ours"})
            for before in (1, -1):
                (tmp_path / HoleNames(ends.cloud).own(midnight - before)).write_bytes(b"%d" % before)
            await until(lambda: sorted(visit.letters) == [b"-1", b"1"])

    play(scene())


def test_holes_are_derived_on_the_loop_s_thread_alone(tmp_path: Path, ends: Ends) -> None:
    threads: set[int] = set()

    class Watched(HoleNames):
        def own(self, date: float) -> str:
            threads.add(threading.get_ident())
            return super().own(date)

        def peer(self, date: float) -> tuple[str, ...]:
            threads.add(threading.get_ident())
            return super().peer(date)

    async def scene() -> None:
        place = FolderPlace(tmp_path, Watched(ends.bot), SetClock())
        place.post(b"ours")
        async with visiting(place) as visit:
            await until(lambda: visit.ups and contents(tmp_path))

    play(scene())
    assert threads == {threading.get_ident()}


def test_what_the_thread_drops_is_counted_on_the_loop(tmp_path: Path) -> None:
    (tmp_path / PEER_LETTER).write_bytes(bytes(MAX_LETTER + 1))
    threads: set[int] = set()

    class Watched(Counter[str]):
        def update(self, *arguments: Any, **counts: Any) -> None:
            threads.add(threading.get_ident())
            super().update(*arguments, **counts)

        def __setitem__(self, key: str, value: int) -> None:
            threads.add(threading.get_ident())
            super().__setitem__(key, value)

    async def scene() -> None:
        place = FolderPlace(tmp_path, HandNames(), SetClock())
        place.counters = Watched()
        async with visiting(place):
            await until(lambda: place.counters == {"dropped: too long": 1})
            (tmp_path / PEER_LETTER).write_bytes(bytes(MAX_LETTER + 2))
            await until(lambda: place.counters == {"dropped: too long": 2})

    play(scene())
    assert threads == {threading.get_ident()}


def test_letters_that_were_left_on_other_days_are_taken_away(tmp_path: Path, ends: Ends) -> None:
    async def scene() -> None:
        clock, names = SetClock(), HoleNames(ends.bot)
        for back in range(1, 10):
            (tmp_path / names.own(NOW - back * DAY_MS)).write_bytes(b"old")
        (tmp_path / "holiday.jpg").write_bytes(b"not ours")
        async with visiting(FolderPlace(tmp_path, names, clock)):
            await until(lambda: contents(tmp_path) == {"holiday.jpg": b"not ours"})

    play(scene())


def test_a_letter_that_somebody_threw_away_is_put_there_again(tmp_path: Path) -> None:
    async def scene() -> None:
        place = FolderPlace(tmp_path / "f", HandNames(), SetClock())
        place.post(b"ours")
        own = tmp_path / "f" / OWN_LETTER
        async with visiting(place):
            for _ in range(3):
                await until(own.exists)
                own.unlink()
            await until(own.exists)
            own.unlink()
            own.parent.rmdir()
            await until(own.exists)

    play(scene())


def test_an_unchanged_letter_is_not_written_again(tmp_path: Path) -> None:
    async def scene() -> None:
        place = FolderPlace(tmp_path, HandNames(), SetClock())
        place.post(b"ours")
        async with visiting(place) as visit:
            await until((tmp_path / OWN_LETTER).exists)
            before = (tmp_path / OWN_LETTER).stat()
            for letter in (b"a", b"bc", b"def"):
                (tmp_path / PEER_LETTER).write_bytes(letter)
                await until(lambda letter=letter: visit.letters[-1:] == [letter])  # type: ignore[misc]  # no type for a lambda's default
        after = (tmp_path / OWN_LETTER).stat()
        assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)

    play(scene())


def test_where_no_folder_can_be_the_place_says_so(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "file").touch()
        async with visiting(FolderPlace(tmp_path / "file", HandNames(), SetClock())) as visit:
            await until(lambda: visit.error)
        assert str(visit.error).startswith(f"The folder {tmp_path / 'file'} cannot be made: ")
        assert visit.ups == 0

    play(scene())


def test_a_folder_that_hangs_holds_up_nobody_and_one_thread_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "_PATIENCE_S", 0.01)
    (tmp_path / PEER_LETTER).write_bytes(b"theirs")
    free = threading.Event()
    truly = Files.news
    stuck: list[str] = []

    def hang(files: Files, names: Iterable[str]) -> list[bytes]:
        stuck.append(threading.current_thread().name)
        free.wait(LONGEST_S)
        return truly(files, names)

    async def scene() -> None:
        place = FolderPlace(tmp_path, HandNames(), SetClock())
        monkeypatch.setattr(Files, "news", hang)
        for said in ("does not answer", "still does not answer", "still does not answer"):
            with pytest.raises(PlaceError, match=said):
                await place.run(lambda: None, lambda letter: None)
        assert len(stuck) == 1
        free.set()
        await until(lambda: not place._errands.is_busy)
        monkeypatch.undo()
        async with visiting(place) as visit:
            await until(lambda: visit.letters == [b"theirs"])

    try:
        play(scene())
    finally:
        free.set()


def test_a_letter_that_is_too_long_is_our_own_mistake(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path, HandNames(), SetClock())
    with pytest.raises(ValueError, match="at most 960 bytes"):
        place.post(bytes(MAX_LETTER + 1))
