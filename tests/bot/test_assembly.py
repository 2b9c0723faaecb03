from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import Assembled
from bot.changes import SettingChanged
from bot.chat.line import ChatLine
from bot.store import Memory
from config.controllers import ControllerError
from config.games import GameError
from config.levels import Level
from config.mistakes import ConfigError
from tunnel.events import PeerHeard, PeerSilent

Say = Callable[..., ChatLine]
Build = Callable[..., Assembled]

NES = "title: Mine\ncontroller: nes\n"


def remembered(**settings: str) -> Memory:
    return Memory([], True, [], [], [], settings)


def test_a_controller_that_is_not_there_is_an_error_before_anything_runs(build: Build) -> None:
    with pytest.raises(ControllerError):
        build(controller="banana")


def test_a_game_that_is_not_there_is_an_error_before_anything_runs(build: Build) -> None:
    with pytest.raises(GameError):
        build(game_name="nowhere")


def test_a_game_whose_lines_are_no_input_is_an_error_with_its_place(build: Build) -> None:
    with pytest.raises(ConfigError, match="pause"):
        build(game=NES + "pause: banana\n")


def test_the_game_moderators_switched_to_is_on_after_a_restart(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "other.yaml").write_text("title: Other\ncontroller: snes\n")
    build(game=NES, memory=remembered(game="other")).flow.handle([say("x")], now=0)
    assert len(world.submitted) == 1


def test_a_game_that_is_gone_since_leaves_the_configured_one(build: Build, world: Any, say: Say) -> None:
    build(game=NES, memory=remembered(game="gone")).flow.handle([say("x"), say("a")], now=0)
    assert len(world.submitted) == 1


def test_locks_on_words_this_game_does_not_have_are_left_out(build: Build, world: Any, say: Say) -> None:
    flow = build(game=NES, memory=remembered(locked="x a")).flow
    flow.handle([say("a"), say("b")], now=0)
    assert len(world.submitted) == 1


def test_mistakes_are_answered_only_if_the_configuration_says_so(build: Build, world: Any, say: Say) -> None:
    build(commands={"answer_mistakes": False}).flow.handle([say("a500q")], now=0)
    assert world.said == []


def test_a_page_that_is_edited_holds_for_lines_typed_after_it(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    parts = build(game=NES + "locked: [start]\n")
    parts.flow.handle([say("start")], now=0)
    (tmp_path / "game.yaml").write_text(NES + "words: {hop: a}\n")
    parts.library.reload(1)
    parts.flow.handle([say("start"), say("hop")], now=1)
    assert len(world.submitted) == 2


def moderator(line: ChatLine) -> ChatLine:
    return replace(line, level=Level.MODERATOR)


def test_what_was_chosen_before_a_game_is_changed_is_not_played_in_the_next(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "other.yaml").write_text("title: Other\ncontroller: nes\n")
    flow = build(game=NES).flow
    flow.handle([say("start5s")], now=0)
    flow.handle_event(PeerSilent())
    flow.handle([say("a"), moderator(say("!game other", "mo"))], now=1)
    flow.handle_event(PeerHeard())
    flow.handle_timeout(2)
    assert (len(world.submitted), world.cancelled) == (1, [()])


@pytest.mark.parametrize(
    "edit", ["locked: [b]", "levels: {b: vip}", "words: {hop: b}", "defaults: {press_ms: 300}"]
)
def test_what_was_judged_by_a_page_that_has_changed_since_is_taken_back(
    build: Build, world: Any, say: Say, tmp_path: Path, edit: str
) -> None:
    parts = build(game=NES)
    parts.flow.handle([say("a5s")], now=0)
    (tmp_path / "game.yaml").write_text(f"{NES}{edit}\n")
    parts.library.reload(1)
    assert world.cancelled == [()]


def test_a_page_that_plays_as_before_takes_nothing_back(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    parts = build(game=NES)
    parts.flow.handle([say("a5s")], now=0)
    (tmp_path / "game.yaml").write_text("title: Yours\ncontroller: nes\nmacros: {hop: a}\n")
    parts.library.reload(1)
    assert world.cancelled == []


def test_a_word_means_the_same_lock_after_a_restart_as_before_it(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "other.yaml").write_text("title: Other\ncontroller: snes\n")
    flow = build(game="title: Mine\ncontroller: xbox\n").flow
    flow.handle([moderator(say("!lock a", "mo")), moderator(say("!game other", "mo")), say("a"), say("b")], 0)
    again = build(game="title: Mine\ncontroller: xbox\n", memory=remembered(locked="a", game="other")).flow
    again.handle([say("a"), say("b")], 0)
    assert (len(world.submitted), world.pressed[0]) == (2, world.pressed[1])


def test_locks_on_words_the_game_does_not_have_hold_in_one_that_has_them(
    build: Build, world: Any, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "other.yaml").write_text("title: Other\ncontroller: snes\n")
    flow = build(game=NES, memory=remembered(locked="x")).flow
    flow.handle([moderator(say("!lock a", "mo")), moderator(say("!game other", "mo")), say("x"), say("b")], 0)
    assert len(world.submitted) == 1
    assert SettingChanged("locked", "a x") in world.changes
