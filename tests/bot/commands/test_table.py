"""The table against the page that shows it: who reads one reads the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.commands.table import COMMANDS
from config.levels import Level
from config.play import CommandsConfig

PAGE = (Path(__file__).parents[3] / "docs" / "commands.md").read_text(encoding="utf-8")
# What a terminal of usual height shows at once.
ONE_SCREEN = 30


def section(title: str) -> list[str]:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0].strip().splitlines()


def rows(title: str) -> list[tuple[str, str]]:
    found = [re.fullmatch(r"\| `(!.+)` \| (.+) \|", line) for line in section(title)]
    return [(row[1].replace("\\|", "|"), row[2]) for row in found if row]


def test_the_page_shows_what_viewers_and_moderators_may_type_by_default() -> None:
    config = CommandsConfig()
    listed = [(row.typed, row.summary, row.level(config)) for row in COMMANDS]
    assert rows("For everybody") == [row[:2] for row in listed if row[2] is Level.VIEWER]
    assert rows("For moderators") == [row[:2] for row in listed if row[2] is Level.MODERATOR]


@pytest.mark.parametrize("title", ["For everybody", "For moderators"])
def test_each_part_fits_one_screen(title: str) -> None:
    assert len(section(title)) <= ONE_SCREEN


def test_each_name_is_there_once_and_each_row_fits_a_line() -> None:
    assert len({row.name for row in COMMANDS}) == len(COMMANDS)
    assert all(len(row.typed) + len(row.summary) <= 80 for row in COMMANDS)
    assert all(row.summary.endswith(".") for row in COMMANDS)
