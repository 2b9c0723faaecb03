"""What crowds type suits the mode they type in, and the modes are set for a short show."""

from __future__ import annotations

from typing import get_args

import pytest

from bench.world.habits import game, habits, modes, pads
from bot.grammar import Language, Parsed, Refused, Talk, parse
from config.games import bare_game, load_game
from config.play import ModeName

MODES = get_args(ModeName)


def language_of(mode: ModeName) -> Language:
    name = game(mode)
    rules = load_game(name, "xbox") if name else bare_game("xbox")
    return Language(rules.controller, pads=pads(mode))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_meant_as_an_input_is_one_and_what_is_meant_as_a_mistake_too(mode: ModeName) -> None:
    typed, language = habits(mode), language_of(mode)
    assert {text for _, text in typed.inputs if not isinstance(parse(text, language), Parsed)} == set()
    assert {text for _, text in typed.talk if not isinstance(parse(text, language), Talk)} == set()
    mistakes = [parse(text, language) for _, text in typed.typos]
    assert not any(isinstance(judged, Parsed) for judged in mistakes)
    assert any(isinstance(judged, Refused) for judged in mistakes)


def test_who_votes_chooses_between_few() -> None:
    assert len(habits("democracy").inputs) <= 8 < len(habits("anarchy").inputs)


def test_who_waits_for_a_turn_or_a_team_asks_for_it() -> None:
    assert [text for _, text in habits("turns").asks] == ["!join"]
    assert {text for _, text in habits("teams").asks} == {
        f"!join {name}" for name in modes("teams").teams.names
    }


def test_each_team_has_a_pad_and_every_other_mode_one() -> None:
    assert {mode: pads(mode) for mode in MODES if pads(mode) != 1} == {"teams": 2}


def test_a_demo_of_twenty_seconds_shows_several_votes_and_turns() -> None:
    assert modes("democracy").democracy.window_s < 10
    assert modes("step").step.window_s < 10
    assert modes("turns").turns.turn_s < 10


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_is_the_one_to_start_with(mode: ModeName) -> None:
    assert modes(mode).start == mode
