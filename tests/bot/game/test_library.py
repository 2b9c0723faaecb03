from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.changes import Change, SettingChanged
from bot.game.keeper import LOOK_MS, GameKeeper
from bot.game.library import GameLibrary
from config.games import Game

PAGE = "title: {title}\ncontroller: nes\nwords: {{hop: {word}}}\n"


class World:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "mine.yaml"
        self.write("Mine", "a")
        self.games: list[str] = []
        self.changes: list[Change] = []
        keeper = GameKeeper(self.file, "nes", 1)
        self.library = GameLibrary(keeper, self.enforce, self.changes.append)

    def write(self, title: str, word: str) -> None:
        self.file.write_text(PAGE.format(title=title, word=word))

    def enforce(self, game: Game, now: float) -> str:
        self.games.append(game.title)
        return "The mode is anarchy now." if game.title == "Anarchic" else ""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def look_until(world: World, done: Callable[[], bool]) -> None:
    for second in range(10):
        world.library.look(second * LOOK_MS)
        if done():
            return


def test_the_game_in_force_is_named_first(world: World) -> None:
    names = world.library.names()
    assert names[0] == "mine"
    assert list(names[1:]) == sorted(names[1:])


def test_an_edited_page_is_put_in_force_by_itself(world: World) -> None:
    world.library.look(0)
    world.write("Mine again", "b")
    look_until(world, lambda: bool(world.games))
    assert world.games == ["Mine again"]
    assert world.changes == []  # the same game: nothing to remember


def test_a_page_with_a_mistake_is_told_with_its_line_and_nothing_changes(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.library.look(0)
    world.write("Mine again", "banana")
    with caplog.at_level(logging.WARNING):
        look_until(world, lambda: bool(caplog.messages))
    assert world.games == []
    assert "mine.yaml:3" in caplog.messages[0]


def test_a_game_that_was_switched_to_is_remembered(world: World) -> None:
    (world.file.parent / "other.yaml").write_text(PAGE.format(title="Other", word="b"))
    assert world.library.switch("other", 0).startswith("Other is on")
    assert world.changes == [SettingChanged("game", "other")]
    assert world.library.names()[0] == "other"


def test_a_game_that_is_not_there_changes_nothing(world: World) -> None:
    sentence = world.library.switch("nowhere", 0)
    assert sentence.endswith("What was in force stays.")
    assert (world.games, world.changes) == ([], [])


def test_whatever_else_changed_is_said_with_it(world: World) -> None:
    world.write("Anarchic", "b")
    assert world.library.reload(0).endswith("The mode is anarchy now.")
