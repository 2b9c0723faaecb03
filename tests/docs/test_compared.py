"""docs/compared.md sets crowdpad beside TRBot and tpp-core; each of its lines is played here.

In each table the last three columns are: how crowdpad does it, what to try, and what happens then. A setting
stands in the first of them as YAML, in code: a key of the bot's configuration, or of a game's page.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import pytest
import yaml
from pydantic import ValidationError

from cli.__main__ import main
from config.controllers import controller_names
from config.game_page import GamePage
from config.play import ModeName

PAGE: Final = Path(__file__).parents[2] / "docs" / "compared.md"
COLUMNS: Final = ("TRBot", "tpp-core", "crowdpad", "try", "what happens")
CALL: Final = "python3 run.py "

Play = Callable[[Mapping[str, Any], Iterable[str]], str]


class Row(NamedTuple):
    """A line of one of the tables."""

    feature: str
    trbot: str
    tpp: str
    crowdpad: str
    attempt: str
    happens: str

    @property
    def settings(self) -> dict[str, Any]:
        """All keys of YAML in the crowdpad column."""
        return {
            key: value
            for code in codes(self.crowdpad)
            if re.match("[a-z_]+: ", code)
            for key, value in yaml.safe_load(code).items()
        }

    @property
    def script(self) -> list[str]:
        """The steps of the `try` column."""
        return codes(self.attempt)


def codes(cell: str) -> list[str]:
    """What stands in code, in order. What has a backtick in it stands between two of them."""
    return [double or single for double, single in re.findall("``(.+?)``|`([^`]+)`", cell)]


def rows() -> list[Row]:
    """Of every table whose last columns are the ones above."""
    found: list[Row] = []
    wanted = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
        if not line.startswith("|"):
            wanted = False
        elif cells[1:] == COLUMNS:
            wanted = True
        elif wanted and not line.startswith("|---"):
            assert len(cells) == len(Row._fields), line
            found.append(Row(*cells))
    return found


ROWS: Final = rows()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.feature)
def test_every_line_of_the_page_happens_as_it_says(
    row: Row, play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert row.script, "each line has something to try"
    if row.script[0].startswith(CALL):
        assert main(arguments(row.script[0])) == 0
        assert capsys.readouterr().out.strip() == row.happens
    else:
        assert play(as_configured(row.settings, tmp_path), row.script) == row.happens.strip("`")


def test_every_controller_and_every_mode_has_a_line() -> None:
    settings = [row.settings for row in ROWS]
    assert {found.get("controller", "xbox") for found in settings} == set(controller_names())
    said = {word for row in ROWS for step in row.script for word in step.split()}
    started = {str(found.get("modes", {}).get("start", "anarchy")) for found in settings}
    assert started | said >= set(get_args(ModeName))


def test_no_table_of_the_page_is_left_out() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    headings = [line for line in lines if line.endswith(f"| {' | '.join(COLUMNS)} |")]
    assert len(lines) == len(ROWS) + 2 * len(headings)


def test_no_feature_has_two_lines() -> None:
    features = [row.feature for row in ROWS]
    assert len(set(features)) == len(features) >= 60


def as_configured(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The bot's keys as they are; those of a game's page on a page, which the bot is told of."""
    game = {key: value for key, value in settings.items() if is_of_a_page(key, value)}
    bot = {key: value for key, value in settings.items() if key not in game}
    if game:
        page = folder / "game.yaml"
        page.write_text(yaml.safe_dump({"title": "The game", **game}), encoding="utf-8")
        bot["game"] = page
    return bot


def is_of_a_page(key: str, value: object) -> bool:
    """Both have `limits`, each with keys of its own; and `controller`, which means the same in both."""
    if key not in GamePage.model_fields or key == "controller":
        return False
    try:
        GamePage.model_validate({"title": "The game", key: value})
    except ValidationError:
        return False
    return True


def arguments(command: str) -> list[str]:
    return shlex.split(command.removeprefix(CALL))
