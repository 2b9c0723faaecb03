"""The modes chapter: twice with real processes, and on a cast that can be made to do wrong."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import modes
from bench.actors import CLOUD
from bench.setting import Setting
from bench.stage import Stage
from bot.assembly import Assembled, assemble
from bot.chat.line import ChatLine
from bot.modes.catalogue import MODES
from bot.observer import BotStats
from config.chats import LogChat
from config.levels import Level
from config.model import BotConfig
from config.play import DemocracyOptions, ModeName, ModesConfig
from tunnel.identity import Identity


def run(seconds: float, warm_up_s: float = 0) -> Any:
    return asyncio.run(asyncio.wait_for(modes.measure(seconds, warm_up_s), 120))


def test_real_commands_are_played_or_passed_over_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, by_name: Any
) -> None:
    short = DemocracyOptions(window_s=1, shortest_window_s=1)
    settings = {
        "anarchy": modes.SETTINGS["anarchy"],
        "democracy": Setting(ModesConfig(start="democracy", democracy=short)),
    }
    monkeypatch.setattr(modes, "SETTINGS", settings)
    figures = by_name(run(0.3, 0.1))
    assert multiprocessing.active_children() == []
    for mode in settings:
        assert figures[f"{mode}: commands taken"].value == 400
        played, passed_over = (
            figures[f"{mode}: sequences played"],
            figures[f"{mode}: passed over by the mode"],
        )
        assert played.value > 0
        assert played.value + passed_over.value == 400
        for kept in ("lost besides", "not accounted for by the bot", "played twice"):
            assert figures[f"{mode}: {kept}"].value == 0
        median, slow = (figures[f"{mode}: line to play, {which}"] for which in ("median", "99th percentile"))
        assert 0 < median.value <= slow.value
    assert figures["democracy: line to play, median"].value > 900


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_plays_here_and_takes_whatever_is_typed(mode: ModeName) -> None:
    flow = built(modes.SETTINGS[mode]).flow
    for number, text in enumerate(modes.TYPED):
        flow.handle([line(number, text)], float(number))
    stats = flow.stats()
    assert stats.commands == len(modes.TYPED)
    # In `turns` it is one player's turn, and all the others' inputs only ask for one.
    assert stats.passed_over == (len(modes.TYPED) - 1 if mode == "turns" else 0)


def test_each_mode_has_a_setting_in_which_it_is_the_one_that_starts() -> None:
    assert list(modes.SETTINGS) == list(MODES)
    assert [setting.modes.start for setting in modes.SETTINGS.values()] == list(MODES)
    assert BotConfig.model_fields["queue"].default == modes.QUEUE
    assert modes.VIEWERS >= 200


@pytest.fixture
def cast(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Plays every tenth line, and passes the others over; but for what it is told to do wrong."""
    told = SimpleNamespace(typed=0, unheard=0, lost=0, doubled=0, waiting=0, mib=[50.0, 50.0])

    def bot() -> dict[str, Any]:
        counts = dict.fromkeys(BotStats.__dataclass_fields__, 0)
        played = told.typed // 10
        taken = told.typed - told.unheard
        counts |= {"commands": taken, "applied": played - told.lost, "passed_over": taken - played}
        return {"stats": BotStats(**counts)}

    def type_lines(frame: str) -> None:
        told.typed += len(frame.split("\r\n"))

    def notes() -> dict[str, Any]:
        ids = range(1, told.typed // 10 + 1)
        return {"arrived": dict.fromkeys(ids[:-1], 5.0), "played": {id: 5.0 + id for id in ids[2:]}}

    chat: Any = SimpleNamespace(raw=type_lines)
    sender: Any = SimpleNamespace(ask=bot, weigh=lambda: told.mib.pop(0), read_notes=notes)
    receiver: Any = SimpleNamespace(
        ask=lambda: {"doubled": told.doubled, "played": told.typed // 10 - told.lost}, read_notes=notes
    )

    @asynccontextmanager
    async def stage(relays: int, *, keep: bool, setting: Setting) -> AsyncIterator[Stage]:
        yield Stage(chat, receiver, sender, relays=[], ports=[])

    monkeypatch.setattr(modes, "stage", stage)
    monkeypatch.setattr(modes, "SETTINGS", {"anarchy": modes.SETTINGS["anarchy"]})
    monkeypatch.setattr(modes, "EARLY_S", 0.05)
    monkeypatch.setattr(modes, "_SETTLE_S", 0.2)
    return told


def test_all_promises_are_kept_by_a_cast_that_does_well(cast: SimpleNamespace, by_name: Any) -> None:
    figures = by_name(run(0.1, 0.02))
    assert {figure.met for name, figure in figures.items() if "commands/s" not in name} == {True, None}
    assert figures["anarchy: commands taken"].baseline == cast.typed == 120
    assert figures["anarchy: sequences played"].value == 12
    assert figures["anarchy: line to play, median"].value == 7.0  # ids 3 to 11: those both ends have noted
    assert figures["anarchy: line to play, 99th percentile"].value == 11.0


@pytest.mark.parametrize(
    ("fault", "amount", "missed"),
    [
        ("lost", 1, ["lost besides", "not accounted for by the bot"]),
        ("unheard", 1, ["commands taken", "lost besides"]),
        ("doubled", 1, ["played twice"]),
        ("mib", [50.0, 52.5], ["growth of the bot's memory after 0.05 s"]),
    ],
)
def test_what_goes_wrong_misses_its_promise(
    cast: SimpleNamespace, by_name: Any, fault: str, amount: Any, missed: list[str]
) -> None:
    setattr(cast, fault, amount)
    figures = by_name(run(0.1))
    wrong = [name for name, figure in figures.items() if figure.met is False and "commands/s" not in name]
    assert wrong == [f"anarchy: {name}" for name in missed]


@pytest.mark.parametrize(("seconds", "mib"), [(0.05, [50.0, 50.0]), (0.1, [None, None])])
def test_memory_is_not_told_where_there_is_nothing_to_compare(
    cast: SimpleNamespace, by_name: Any, seconds: float, mib: list[float | None]
) -> None:
    cast.mib = mib
    assert not any("memory" in name for name in by_name(run(seconds)))


def test_a_queue_above_its_bound_misses_the_promise(by_name: Any) -> None:
    stats = SimpleNamespace(**dict.fromkeys(BotStats.__dataclass_fields__, 0))
    stats.commands = stats.passed_over = 10
    seen = modes.Run(10, 1_000.0, modes.QUEUE + 1, None, stats, {"played": 0, "doubled": 0}, [])
    figures = by_name(modes.figures_of("turns", seen))
    assert figures["turns: most that waited at any second"].met is False
    assert not any("line to play" in name for name in figures)


def built(setting: Setting) -> Assembled:
    config = BotConfig(
        identity=Path("unused"),
        receiver=Identity(CLOUD).public.hex,
        relays=("ws://127.0.0.1:1",),
        chat=LogChat(file=Path("unused")),
        modes=setting.modes,
        pads=setting.pads,
        game=setting.game,
    )
    tunnel: Any = SimpleNamespace(in_flight=0, send_note=lambda kind, body: None)
    return assemble(config, tunnel, now=0.0)


def line(number: int, text: str) -> ChatLine:
    user = f"viewer{number}"
    return ChatLine(str(number), user, user, Level.VIEWER, text, None, float(number), "bench", user)
