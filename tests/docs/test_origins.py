"""docs/origins.md sets every feature of the documents we come from beside what works here: each row is held
to the test that it names, or says why there is none.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "origins.md"
NAMED: Final = re.compile(r"\[([a-z_/0-9]+\.py)\]\(\.\./tests/\1\): ([^;|]+)")


class Row(NamedTuple):
    """One feature, what works here, and what shows it."""

    feature: str
    here: str
    shown: str


def rows() -> list[Row]:
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and not set(line) <= set("|- "):
            found.append(Row(*cells))
    return [row for row in found if row.shown != "shown by"]


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.feature[:60])
def test_every_feature_is_shown_by_a_test_or_left_out_for_a_reason(row: Row) -> None:
    if row.here.startswith("left out"):
        assert len(row.here) > len("left out: because"), f"{row.feature}: why is it left out?"
        assert row.shown == "–"
        return
    named = NAMED.findall(row.shown)
    assert named, f"{row.feature}: names no test"
    for file, sentence in named:
        name = "test_" + re.sub(r"\W+", "_", sentence.strip().lower())
        known = names_in(ROOT / "tests" / file)
        assert name in known, f"{row.feature}: {file} has no {name}"


def test_there_is_a_table_for_each_of_the_four_documents() -> None:
    headings = re.findall("^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(headings) == 4
    assert len(rows()) > 50
