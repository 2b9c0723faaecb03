from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from config.kinds import Setting
from config.places import GAMES, GamePlace, NewFileName

STORE = NewFileName("a file to keep things in")


def refusal(kind: GamePlace | NewFileName, value: object, setting: Setting | None) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        kind.read(value, setting)
    return caught.value.message()


def test_a_bare_name_is_a_game_of_ours(tmp_path: Path) -> None:
    for file in GAMES.glob("*.yaml"):
        assert GamePlace().read(file.stem, Setting(tmp_path, True)) == file.stem


def test_a_game_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    setting = Setting(tmp_path, True)
    assert refusal(GamePlace(), "platfromer", setting).endswith("(did you mean platformer?)")
    assert "(there are gameboy-rpg, platformer" in refusal(GamePlace(), "zzzz", setting)


def test_a_file_is_a_game_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()
    setting = Setting(tmp_path, True)
    assert GamePlace().read("mine.yaml", setting) == tmp_path / "mine.yaml"
    assert "does not exist" in refusal(GamePlace(), "other.yaml", setting)
    assert GamePlace().read("games/other.yaml", None) == Path("games/other.yaml")


@pytest.mark.parametrize("value", ["", "My Game", "../secrets", "x" * 40, None, 3, []])
def test_what_is_no_game_is_refused(value: object, tmp_path: Path) -> None:
    assert refusal(GamePlace(), value, Setting(tmp_path, True)).startswith("wanted the name of a game")


def test_editors_are_told_what_a_game_looks_like() -> None:
    pattern = GamePlace().json_schema()["pattern"]
    assert re.search(pattern, "platformer")
    assert re.search(pattern, "my games/Mine.yaml")
    assert not re.search(pattern, "My Game")


def test_a_file_to_be_made_need_not_be_there_but_its_folder_must(tmp_path: Path) -> None:
    setting = Setting(tmp_path, True)
    assert STORE.read("new.sqlite", setting) == tmp_path / "new.sqlite"
    assert "is no folder" in refusal(STORE, "data/new.sqlite", setting)
    (tmp_path / "data").mkdir()
    assert STORE.read("data/new.sqlite", setting) == tmp_path / "data" / "new.sqlite"
    assert "is no file" in refusal(STORE, "data", setting)
    assert STORE.read("nowhere/new.sqlite", Setting(tmp_path, False)) == tmp_path / "nowhere" / "new.sqlite"
