from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from config.levels import LEVEL_OF, Level
from config.play import CommandName, CommandsConfig, DemocracyOptions, LevelName, ModeName, ModesConfig


def test_the_modes_begin_as_the_genre_is_used_to() -> None:
    modes = ModesConfig()
    assert modes.start == "anarchy"
    assert not modes.vote.enabled
    assert (modes.vote.to_democracy, modes.vote.to_anarchy) == (0.75, 0.5)
    assert (modes.democracy.window_s, modes.democracy.shortest_window_s) == (20, 5)
    assert modes.teams.names == ("red", "blue")


@pytest.mark.parametrize("name", get_args(ModeName))
def test_any_mode_may_be_the_first(name: str) -> None:
    assert ModesConfig.model_validate({"start": name}).start == name


def test_the_levels_of_a_file_are_those_that_people_have() -> None:
    assert set(get_args(LevelName)) == set(LEVEL_OF)


def test_what_changes_the_game_for_all_is_for_moderators_and_the_rest_for_everybody() -> None:
    commands = CommandsConfig()
    for name in ("help", "controls", "mode", "vote", "join", "me", "forget"):
        assert commands.level(name) is Level.VIEWER
    for name in ("pause", "neutral", "lock", "restrict", "macro", "game", "reload", "stats"):
        assert commands.level(name) is Level.MODERATOR


def test_a_command_s_level_is_what_the_file_says() -> None:
    commands = CommandsConfig.model_validate({"levels": {"game": "vip", "help": "subscriber"}})
    assert commands.level("game") is Level.VIP
    assert commands.level("help") is Level.SUBSCRIBER
    assert commands.level("pause") is Level.MODERATOR


def test_a_command_that_nobody_knows_is_for_moderators() -> None:
    assert CommandsConfig().level("shout") is Level.MODERATOR


@pytest.mark.parametrize("levels", [{"game": "king"}, {"shout": "vip"}, {"game": 3}])
def test_a_level_is_one_of_the_few_for_one_of_the_commands(levels: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CommandsConfig.model_validate({"levels": levels})


def test_every_command_has_a_level() -> None:
    assert {CommandsConfig().level(name) for name in get_args(CommandName)} == {
        Level.VIEWER,
        Level.MODERATOR,
    }


def test_the_shortest_window_is_not_longer_than_the_longest() -> None:
    with pytest.raises(ValidationError, match="shortest_window_s"):
        DemocracyOptions(window_s=10, shortest_window_s=11)
    assert DemocracyOptions(window_s=10, shortest_window_s=10).shortest_window_s == 10
