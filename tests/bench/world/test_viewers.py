"""The simulated viewers type what real ones do."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from bench.world.habits import ANARCHY, game, habits, pads
from bench.world.viewers import Typist, viewer_names
from bot.grammar import Language, Parsed, Talk, parse
from bot.text import normalise
from config.games import bare_game, load_game
from config.play import ModeName

MODES = get_args(ModeName)


def language_of(mode: ModeName) -> Language:
    name = game(mode)
    rules = load_game(name, "xbox") if name else bare_game("xbox")
    return Language(rules.controller, pads=pads(mode))


def test_the_same_seed_is_the_same_crowd() -> None:
    one, other = Typist(3, ANARCHY), Typist(3, ANARCHY)
    assert [one.line() for _ in range(50)] == [other.line() for _ in range(50)]
    assert viewer_names(60, 1) == viewer_names(60, 1) != viewer_names(60, 2)


def test_names_are_different_even_in_a_large_crowd() -> None:
    assert len(set(viewer_names(500, 1))) == 500


@pytest.mark.parametrize("mode", MODES)
def test_most_lines_are_inputs_and_some_are_talk_or_mistakes(mode: ModeName) -> None:
    typist, language = Typist(1, habits(mode)), language_of(mode)
    lines = [normalise(typist.line()) for _ in range(1000)]
    kinds = [type(parse(line, language)) for line in lines]
    assert 0.8 < kinds.count(Parsed) / 1000 < 0.9
    assert Talk in kinds
    assert len(set(kinds)) == 3


@pytest.mark.parametrize("mode", MODES)
def test_somebody_whose_turn_it_is_types_nothing_but_inputs(mode: ModeName) -> None:
    typist, language = Typist(1, habits(mode)), language_of(mode)
    kinds = {type(parse(normalise(typist.input()), language)) for _ in range(300)}
    assert kinds == {Parsed}


def test_a_repeated_line_leaves_the_client_changed_and_means_the_same() -> None:
    typist = Typist(1, ANARCHY)
    lines = [typist.line() for _ in range(1000)]
    assert any(normalise(one) == normalise(two) for one, two in pairwise(lines))
    assert all(one != two for one, two in pairwise(lines))


def test_pauses_are_as_long_as_the_rate_says() -> None:
    typist = Typist(1, ANARCHY)
    assert 0.4 < sum(typist.pause_s(2.0) for _ in range(2000)) / 2000 < 0.6
