from __future__ import annotations

from pathlib import Path

import pytest

from config.controller_page import ControllerPage
from config.mistakes import ConfigError
from config.pages import file_bytes, read_page

FILE = Path("it.yaml")
TEXT = b"title: Small\ninputs:\n  a: A\n  up: UP\nforbidden:\n  - [a, up]\n"


def test_a_page_remembers_where_everything_stands() -> None:
    page = read_page(FILE, TEXT, ControllerPage)
    assert page.content.title == "Small"
    mistake = page.mistake(("forbidden", 0, 1), "no")
    assert (mistake.line, mistake.column, mistake.key, mistake.text) == (6, 9, "forbidden[0][1]", "no")


def test_what_is_not_there_is_said_at_the_nearest_key() -> None:
    page = read_page(FILE, TEXT, ControllerPage)
    assert page.mistake(("inputs", "b"), "no").line == 2
    assert page.mistake(("limits", "frames"), "no").line == 1


def test_all_mistakes_of_a_page_come_together() -> None:
    with pytest.raises(ConfigError) as caught:
        read_page(FILE, b"title: Small\ntitle: Again\ninputs: 3\n", ControllerPage)
    assert [mistake.line for mistake in caught.value.mistakes] == [2, 3]


def test_a_file_is_read_as_far_as_anybody_would_read_it(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_bytes(b"#" * 1_000_000)
    assert len(file_bytes(file)) == 256 * 1024 + 1


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        file_bytes(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        file_bytes(tmp_path)
