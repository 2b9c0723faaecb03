"""The diary: written while the program runs, closed when it ends, and never in its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.diary import diary as module
from cli.diary.diary import Diary, Facts, Sources, diary_of
from cli.diary.folder import STATUS, Folder, system_ms
from cli.diary.network_watch import NetworkWatch
from cli.diary.page import Page, Settings, read_page
from config.load import load
from config.model import BotConfig, ReceiverConfig
from tunnel.endpoint import Endpoint
from tunnel.lane import PathReport
from tunnel.links.direct import Story
from tunnel.session import Role
from tunnel.wallclock import WallClock

FACTS = Facts("bot", "0x1", "0x2", Settings(enabled=True))
REPORT = PathReport("ams1", "wss://ams1.example", "up", 31.0, 2.0, 0.01, 100, 90, 30, True)
DIRECT = (
    "direct: {enabled: true, birthday: true, stun: [stun.example.org:3478]}\npaths: {forbid: [direct tcp]}\n"
)
STORY = Story(("192.0.2.7", 4711), (), (), (None, None), (None, None))
SOURCES = Sources(paths=lambda: [REPORT], connected=lambda: True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.0)


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "bot.yaml")


def a_diary(place: Folder, sources: Sources = SOURCES, network: NetworkWatch | None = None) -> Diary:
    return Diary(place, FACTS, sources, WallClock(), network)


def written(place: Folder) -> Page:
    data = place.read(STATUS)
    assert data is not None
    return read_page(data)


def run_until(diary: Diary, met: Callable[[], bool]) -> None:
    """Runs a program beside it that ends once this is so."""

    async def program() -> None:
        while True:
            if met():
                return
            await asyncio.sleep(0.001)

    async def main() -> None:
        before = asyncio.all_tasks()
        await diary.beside(program())
        assert asyncio.all_tasks() == before

    asyncio.run(asyncio.wait_for(main(), 30))


def test_it_says_how_the_paths_stand_while_the_program_runs(place: Folder) -> None:
    seen: list[Page] = []

    def met() -> bool:
        if place.read(STATUS):
            seen.append(written(place))
        return bool(seen)

    run_until(a_diary(place, replace(SOURCES, stories=lambda: {"direct udp": STORY})), met)
    page = seen[0]
    assert (page.program, page.address, page.connected, page.ended) == ("bot", "0x1", True, False)
    assert [path.name for path in page.paths] == ["ams1"]
    assert [(link.name, link.address) for link in page.links] == [("direct udp", ("192.0.2.7", 4711))]
    assert page.started_ms <= page.written_ms <= system_ms()


def test_its_last_word_is_that_it_has_ended(place: Folder) -> None:
    run_until(a_diary(place), lambda: True)
    assert written(place).ended


def test_its_last_word_tells_how_it_stood_before_the_end(place: Folder) -> None:
    reports = [REPORT]

    def met() -> bool:
        if place.read(STATUS) is None:
            return False
        reports[:] = [replace(REPORT, state="waiting", carrying=False)]  # the program closes its paths
        return True

    run_until(a_diary(place, replace(SOURCES, paths=lambda: list(reports))), met)
    page = written(place)
    assert page.ended
    assert [path.state for path in page.paths] == ["up"]


def test_it_ends_as_the_program_ends(place: Folder) -> None:
    async def program() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        asyncio.run(a_diary(place).beside(program()))
    assert written(place).ended


def test_people_who_wait_make_the_program_look_hard_once(place: Folder) -> None:
    clock, pages = WallClock(), 0
    asked: list[float] = []
    until_ms = system_ms() + 300_000

    def paths() -> list[PathReport]:
        nonlocal pages
        pages += 1
        return []

    place.ask_to_look_hard(until_ms)
    diary = a_diary(place, replace(SOURCES, paths=paths, look_hard=asked.append))
    run_until(diary, lambda: pages > 5)
    assert len(asked) == 1
    assert abs(asked[0] - clock.now() - 300_000) < 60_000
    assert written(place).look_hard_until_ms == int(until_ms)


def test_a_folder_that_cannot_be_written_is_told_once_and_ends_nothing(
    place: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    place.path.write_text("a file stands where the folder would", encoding="utf-8")
    pages = 0

    def paths() -> list[PathReport]:
        nonlocal pages
        pages += 1
        return []

    run_until(a_diary(place, replace(SOURCES, paths=paths)), lambda: pages > 8)
    assert [message.split(": ")[0] for message in caplog.messages] == [
        "The command `paths` will know nothing"
    ]


def test_a_reader_that_holds_the_file_for_a_moment_is_no_trouble(
    place: Folder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, held = place.write, [True, True]

    def hold(name: str, data: bytes) -> None:
        if held and held.pop():
            raise PermissionError(13, "The process cannot access the file")
        write(name, data)

    monkeypatch.setattr(place, "write", hold)
    run_until(a_diary(place), lambda: place.read(STATUS) is not None)
    assert caplog.messages == []


def test_what_breaks_in_it_is_logged_and_ends_nothing(
    place: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]

    def paths() -> list[PathReport]:
        if broken and broken.pop():
            raise ZeroDivisionError
        return []

    run_until(a_diary(place, replace(SOURCES, paths=paths)), lambda: bool(caplog.messages))
    assert caplog.messages == ["The diary for the command `paths` has stopped."]


def test_the_network_is_watched_beside_the_program(place: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.diary.network_watch.FIRST_S", 0.0)

    async def find(places: Any) -> list[Any]:
        return []

    network = NetworkWatch(list, WallClock(), hosts=lambda: ["192.168.1.20"], find=find)
    run_until(
        a_diary(place, network=network),
        lambda: place.read(STATUS) is not None and bool(written(place).networks),
    )
    assert [entry.hosts for entry in written(place).networks] == [("192.168.1.20",)]


def test_it_knows_from_the_configuration_who_is_who(folder: Any) -> None:
    clock = WallClock()
    bot = load(folder.bot_config(8765, DIRECT), BotConfig)
    receiver = load(folder.receiver_config(8765), ReceiverConfig)

    def endpoint(config: BotConfig | ReceiverConfig, identity: Any, peer: Any) -> Endpoint:
        return Endpoint(
            role=Role.SENDER,
            identity=identity,
            peer=peer.public,
            relays=config.relays,
            on_event=lambda event: None,
            clock=clock,
        )

    at_home = endpoint(bot, folder.bot, folder.receiver)
    page = diary_of(folder.path / "bot.yaml", bot, folder.bot, at_home, clock).page()
    assert (page.program, page.address, page.peer) == (
        "bot", folder.bot.public.address, folder.receiver.public.address,
    )  # fmt: skip
    assert page.settings == Settings(
        enabled=True, port_mapping=True, birthday=True, servers=1, forbid=("direct tcp",)
    )
    away = endpoint(receiver, folder.receiver, folder.bot)
    page = diary_of(folder.path / "receiver.yaml", receiver, folder.receiver, away, clock).page()
    assert (page.program, page.peer, page.settings.enabled) == (
        "receiver", folder.bot.public.address, False,
    )  # fmt: skip
