from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import Assembled
from bot.chat.line import ChatLine
from bot.store import Memory
from config.controllers import ControllerError
from config.games import GameError
from config.mistakes import ConfigError

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
