from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Parsed
from bot.modes.catalogue import MODES, Catalogue
from bot.modes.mode import ModeError
from bot.modes.rules import GameRules
from config.controllers import Controller
from config.play import ModesConfig

Read = Callable[[str], Parsed]


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(ModesConfig(), queue=10, pads=2)


@pytest.mark.parametrize("name", MODES)
def test_every_mode_of_the_configuration_can_be_made(
    catalogue: Catalogue, name: str, xbox: Controller, read: Read
) -> None:
    mode = catalogue.make(name, GameRules(xbox, pause=read("start")))
    assert mode.view(0).mode == name
    assert mode.waiting == 0


def test_an_unknown_mode_is_answered_with_those_there_are(catalogue: Catalogue, xbox: Controller) -> None:
    with pytest.raises(ModeError) as caught:
        catalogue.make("monarchy" * 9, GameRules(xbox))
    assert str(caught.value) == (
        'There is no mode "monarchymonarchy"; there are anarchy, democracy, turns, teams and step.'
    )


def test_step_says_what_it_misses(catalogue: Catalogue, xbox: Controller, read: Read) -> None:
    with pytest.raises(ModeError, match="names no pause input"):
        catalogue.make("step", GameRules(xbox))
    with pytest.raises(ModeError, match="longer than a line"):
        catalogue.make("step", GameRules(xbox, pause=read("start4800ms")))


def test_teams_need_a_pad_each(xbox: Controller) -> None:
    catalogue = Catalogue(ModesConfig(), queue=10, pads=1)
    with pytest.raises(ModeError, match="2 teams need as many pads, and the bot has only 1"):
        catalogue.make("teams", GameRules(xbox))


def test_who_is_in_which_team_outlasts_the_mode(catalogue: Catalogue, xbox: Controller) -> None:
    rules = GameRules(xbox)
    catalogue.make("teams", rules).join("ada", "Ada", "blue", 0)
    assert [team.members for team in catalogue.make("teams", rules).view(0).teams] == [0, 1]
