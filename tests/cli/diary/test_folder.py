"""The folder beside a configuration."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from cli.diary.folder import LONGEST_MS, LOOK_HARD, MOST_BYTES, STATUS, Folder

NOW = 1_700_000_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "bot.yaml")
    made.make()
    return made


def test_it_lies_beside_its_configuration() -> None:
    assert Folder(Path("there/bot.yaml")).path == Path("there/bot.paths")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_it_is_its_owner_s_alone_even_if_it_was_not(tmp_path: Path) -> None:
    (tmp_path / "bot.paths").mkdir(mode=0o755)
    made = Folder(tmp_path / "bot.yaml")
    made.make()
    assert stat.S_IMODE(os.stat(made.path).st_mode) == 0o700


def test_what_is_written_is_read_and_leaves_nothing_else(folder: Folder) -> None:
    folder.write(STATUS, b"one")
    folder.write(STATUS, b"two")
    assert folder.read(STATUS) == b"two"
    assert os.listdir(folder.path) == [STATUS]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_what_is_written_is_its_owner_s_alone(folder: Folder) -> None:
    left_behind = folder.path / f"{STATUS}.new"
    left_behind.touch(mode=0o644)
    folder.write(STATUS, b"one")
    assert stat.S_IMODE(os.stat(folder.path / STATUS).st_mode) == 0o600


def test_what_is_not_there_is_nothing(folder: Folder, tmp_path: Path) -> None:
    assert folder.read(STATUS) is None
    assert Folder(tmp_path / "other.yaml").read(STATUS) is None


def test_of_a_huge_file_only_what_tells_is_read(folder: Folder) -> None:
    folder.write(STATUS, b"x" * (MOST_BYTES + 1_000))
    assert len(folder.read(STATUS) or b"") == MOST_BYTES + 1


def test_people_wait_until_the_moment_they_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "bot.yaml")
    assert folder.looking_hard_until(NOW) is None
    folder.ask_to_look_hard(NOW + 5_000)
    assert folder.looking_hard_until(NOW) == NOW + 5_000
    assert folder.looking_hard_until(NOW + 5_000) is None


@pytest.mark.parametrize(
    "text", [b"", b"nan", b"soon", b"\xff\x00", b"-1"], ids=["nothing", "nan", "word", "bytes", "past"]
)
def test_nonsense_makes_nobody_look_hard(folder: Folder, text: bytes) -> None:
    folder.write(LOOK_HARD, text)
    assert folder.looking_hard_until(NOW) is None


@pytest.mark.parametrize("text", [b"inf", b"9" * 30])
def test_nobody_looks_hard_for_ever(folder: Folder, text: bytes) -> None:
    folder.write(LOOK_HARD, text)
    assert folder.looking_hard_until(NOW) == NOW + LONGEST_MS
