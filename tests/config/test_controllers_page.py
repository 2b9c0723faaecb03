"""docs/controllers.md says what the pages of the controllers say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.controller_page import ControllerPage
from config.controllers import controller_file, controller_names
from config.game_page import GamePage
from config.games import game_names
from config.load import load

DOC = (Path(__file__).parents[2] / "docs" / "controllers.md").read_text(encoding="utf-8")
STRAIGHT = ("up", "down", "left", "right")
DIAGONAL = ("upleft", "upright", "downleft", "downright")
COMPASS = dict(
    zip(("north", "south", "west", "east", "nw", "ne", "sw", "se"), STRAIGHT + DIAGONAL, strict=True)
)
MOVED = {"UP": "d-pad", "LY": "left stick", "RY": "right stick"}


def row(name: str) -> str:
    """The line of the table that the controller's page asks for."""
    page = load(controller_file(name), ControllerPage)
    groups = dict(directions(page))
    ways = {prefix + way for prefix in groups for way in STRAIGHT + DIAGONAL}
    buttons = [
        f"`{word}` {moves[0][0]}" + (f" (end: {page.clicks[word]})" if word in page.clicks else "")
        for word, moves in page.inputs.items()
        if word not in ways
    ]
    also = [f"`{synonym}` {word}" for synonym, word in page.synonyms.items() if synonym not in COMPASS]
    cells = (f"`{name}`", page.title, ", ".join(buttons), ", ".join(groups.values()), ", ".join(also))
    return "| " + " | ".join(cells).rstrip() + " |"


def directions(page: ControllerPage) -> Iterator[tuple[str, str]]:
    """For each prefix of `up`: what goes up, and whether it has diagonals."""
    for word, moves in page.inputs.items():
        prefix = word.removesuffix("up")
        if prefix != word and {prefix + way for way in STRAIGHT} <= page.inputs.keys():
            four = "" if {prefix + way for way in DIAGONAL} <= page.inputs.keys() else " (4 ways)"
            yield prefix, f"`{word}` {MOVED[moves[0][0]]}{four}"


@pytest.mark.parametrize("name", controller_names())
def test_the_table_of_controllers_has_the_words_of_its_page(name: str) -> None:
    assert row(name) in DOC.splitlines(), f"wanted in docs/controllers.md:\n{row(name)}"


def test_the_table_has_no_controller_that_is_not_there() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \| [A-Z]", DOC, re.MULTILINE)) == controller_names()


@pytest.mark.parametrize("name", controller_names())
def test_the_compass_is_the_plain_directions_everywhere(name: str) -> None:
    synonyms = load(controller_file(name), ControllerPage).synonyms
    assert {word: synonyms[word] for word in COMPASS} == COMPASS


def test_every_key_of_a_game_s_page_is_explained() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| [a-z]", DOC, re.MULTILINE)) == GamePage.model_fields.keys()


@pytest.mark.parametrize("name", game_names())
def test_every_game_of_ours_is_named(name: str) -> None:
    assert f"`{name}`" in DOC
