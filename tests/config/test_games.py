from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.controllers import ControllerError, load_controller
from config.game_page import GamePage
from config.games import (
    GAMES,
    GameError,
    bare_game,
    game_file,
    game_names,
    load_game,
    read_game,
    unknown_game,
)
from config.mistakes import ConfigError

EXAMPLE = GAMES.parent / "examples" / "game.yaml"
FILE = Path("mine.yaml")


def test_a_few_games_come_with_the_project() -> None:
    assert game_names() == ("gameboy-rpg", "platformer", "racing")


@pytest.mark.parametrize("name", game_names())
def test_every_game_of_ours_loads_whatever_the_bot_plays_with(name: str) -> None:
    game = load_game(name, "xbox")
    assert game.name == name
    assert game.controller.name != "xbox"  # their pages say what they are played with


def test_the_example_shows_every_key() -> None:
    game = load_game(EXAMPLE, "xbox")
    assert game.page is not None
    assert game.page.root.entries.keys() == GamePage.model_fields.keys()


def test_without_a_game_there_is_the_controller_alone() -> None:
    game = bare_game("nes")
    assert (game.name, game.title, game.page) == ("", "Nintendo Entertainment System", None)
    assert game.controller.words == load_controller("nes").words
    with pytest.raises(ControllerError):
        bare_game("ness")


def test_a_page_that_names_no_controller_is_played_with_the_bot_s() -> None:
    assert read_game(FILE, b"title: Mine\n", "gba").controller.name == "gba"
    assert read_game(FILE, b"title: Mine\ncontroller: gb\n", "gba").controller.name == "gb"


def test_a_controller_that_is_not_there_is_a_mistake_of_the_page() -> None:
    with pytest.raises(ConfigError, match=r"mine\.yaml:2:13: controller: found \"nintendo\""):
        read_game(FILE, b"title: Mine\ncontroller: nintendo\n", "gba")


def test_a_name_is_looked_for_beside_the_configured_page_and_then_among_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "racing.yaml").touch()
    assert game_file("mine", tmp_path) == tmp_path / "mine.yaml"
    assert game_file("racing", tmp_path) == tmp_path / "racing.yaml"
    assert game_file("racing") == GAMES / "racing.yaml"
    assert game_file(Path("any/where.yaml")) == Path("any/where.yaml")


@pytest.mark.parametrize("name", ["../examples/game", "racing.yaml", "", "/etc/passwd", "RACING", "a" * 500])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(GameError, match="there is no game"):
        game_file(name)


def test_an_unknown_game_is_answered_with_the_known_ones() -> None:
    assert unknown_game("raccing", ["racing", "a"]) == (
        'there is no game "raccing" (did you mean racing?); there are: a, racing'
    )
    assert unknown_game("x", []) == 'there is no game "x"; there are: none'
    assert len(unknown_game("x" * 999, [f"{n:032}" for n in range(99)])) < 450


junk = st.recursive(
    st.sampled_from(["", "a", "up", "[", "start", "vip", "1", "0.5", "~", "#x(2)", '"<b>"', "2s", "*a", "é"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(
            st.sampled_from(["a", "start", "line", "after_s", "kind", "mash(b)", "s"]), inner, max_size=3
        ).map(lambda group: "{" + ", ".join(f"{key}: {value}" for key, value in group.items()) + "}"),
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from([*GamePage.model_fields, "zzz"]), junk), max_size=6))
def test_any_page_loads_or_is_refused_with_a_place_for_every_mistake(pairs: list[tuple[str, str]]) -> None:
    data = "".join(f"{key}: {value}\n" for key, value in [("title", "Mine"), *pairs]).encode()
    loads_or_explains(data)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_game_or_a_sentence(data: bytes) -> None:
    loads_or_explains(data)


def test_a_page_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        read_game(FILE, b"title: " + b"x" * 300_000, "nes")


def loads_or_explains(data: bytes) -> None:
    """Anything but a ConfigError with mistakes in it escapes."""
    try:
        read_game(FILE, data, "nes")
    except ConfigError as error:
        said = error
    else:
        return
    assert said.mistakes
    assert all(line.startswith("mine.yaml") for line in str(said).splitlines())
