from __future__ import annotations

from pathlib import Path

import pytest

from bot.game.lines import check_game, check_mode, checked, language_of
from bot.grammar import Parsed, parse
from config.games import GAMES, Game, bare_game, game_names, load_game, read_game
from config.mistakes import ConfigError

EXAMPLE = GAMES.parent / "examples" / "game.yaml"


def game(text: str) -> Game:
    return read_game(Path("mine.yaml"), f"title: Mine\n{text}\n".encode(), "snes")


def mistakes(text: str, pads: int = 1) -> list[str]:
    return [f"{m.line}:{m.column}: {m.key}: {m.text}" for m in check_game(game(text), pads)]


@pytest.mark.parametrize("name", [*game_names(), EXAMPLE])
def test_every_line_of_our_own_pages_is_an_input(name: str | Path) -> None:
    assert check_game(load_game(name, "xbox"), 1) == []


def test_a_game_without_a_page_has_no_lines_to_be_wrong() -> None:
    assert check_game(bare_game("snes"), 1) == []


def test_a_page_s_lines_are_read_with_its_own_words_and_macros() -> None:
    own = game('words: {jump: b}\nmacros: {"hops(n)": "jump*<n>"}\nidle: {line: "#hops(2)", after_s: 9}')
    assert check_game(own, 1) == []
    assert isinstance(parse("#hops(3)", language_of(own, 1)), Parsed)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pause: strat", '2:8: pause: "strat" is no input of the controller snes'),
        ("idle: {line: a500q, after_s: 9}", '2:14: idle.line: in "a500q", character 5: unknown unit "q"'),
        ("periodic: {line: left+right, every_s: 9}", '2:18: periodic.line: in "left+right", character 6: '),
        ("triggers:\n  - {kind: cheer, line: a60s}", '3:25: triggers[0].line: in "a60s", character 2: '),
        ("macros: {bad: jump}", "2:15: macros.bad: #bad would be no input: "),
        ('macros: {"bad(n)": "jump*<n>"}', "2:20: macros.bad(n): #bad(2) would be no input: "),
        ("macros: {a: b, loop: '#loop'}", "2:22: macros.loop: "),
    ],
)
def test_a_line_that_is_no_input_is_named_with_its_place(text: str, answer: str) -> None:
    (said,) = mistakes(text)
    assert said.startswith(answer)


def test_a_line_may_name_the_pads_there_are() -> None:
    assert mistakes("pause: '&2start'", pads=2) == []
    assert mistakes("pause: '&2start'", pads=1) != []


def test_what_is_checked_passes_or_is_refused_as_a_whole() -> None:
    fine = game("pause: start")
    assert checked(fine, 1) is fine
    with pytest.raises(ConfigError, match=r"mine\.yaml:2:8: pause: "):
        checked(game("pause: strat"), 1)


def test_step_needs_an_input_that_pauses() -> None:
    assert check_mode("step", game("pause: start")) == ""
    assert check_mode("anarchy", game("")) == ""
    assert "the page of Mine names no `pause`" in check_mode("step", game(""))
    assert "no game is chosen" in check_mode("step", bare_game("nes"))
