"""The simulated viewers type what real ones do."""

from __future__ import annotations

from itertools import pairwise

from bench.world.viewers import Typist, viewer_names
from bot.grammar import Language, Parsed, Talk, parse
from bot.text import normalise
from config.controllers import load_controller


def test_the_same_seed_is_the_same_crowd() -> None:
    assert [Typist(3).line() for _ in range(5)] == [Typist(3).line() for _ in range(5)]
    assert viewer_names(60, 1) == viewer_names(60, 1) != viewer_names(60, 2)


def test_names_are_different_even_in_a_large_crowd() -> None:
    assert len(set(viewer_names(500, 1))) == 500


def test_most_lines_are_commands_and_some_are_talk_or_mistakes() -> None:
    typist, language = Typist(1), Language(load_controller("xbox"))
    kinds = [type(parse(normalise(typist.line()), language)) for _ in range(1000)]
    assert 0.8 < kinds.count(Parsed) / 1000 < 0.9
    assert Talk in kinds
    assert len(set(kinds)) == 3


def test_a_repeated_line_leaves_the_client_changed_and_means_the_same() -> None:
    typist = Typist(1)
    lines = [typist.line() for _ in range(1000)]
    assert any(normalise(one) == normalise(two) for one, two in pairwise(lines))
    assert all(one != two for one, two in pairwise(lines))


def test_pauses_are_as_long_as_the_rate_says() -> None:
    typist = Typist(1)
    assert 0.4 < sum(typist.pause_s(2.0) for _ in range(2000)) / 2000 < 0.6
