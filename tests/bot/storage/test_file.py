from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.storage.file import StoreError, open_file, sentence
from bot.storage.schema import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crowd.db"


def run(path: Path, script: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        open_file(path, busy_s=0.05).close()
    return str(caught.value)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_second_bot_is_refused_until_the_first_has_ended(path: Path, is_new: bool) -> None:
    if not is_new:
        open_file(path).close()
    with contextlib.closing(open_file(path)):
        assert refused(path) == f"{path} cannot be opened: another program has it open, perhaps another bot"
    open_file(path).close()


@pytest.mark.parametrize(
    "content", [b"a letter to grandmother", b"\0" * 5_000, b"SQLite format 3\0" + b"x" * 200]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o644)
    assert refused(path) in (
        f"{path} is no database; name a file that is not there yet",
        f"{path} is damaged; put a copy in its place, or move it away to start anew",
    )
    assert path.read_bytes() == content
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "script", ["CREATE TABLE cookies (x)", "PRAGMA application_id = 7", "PRAGMA user_version = 3"]
)
def test_another_program_s_database_is_refused_and_left_as_it_is(path: Path, script: str) -> None:
    run(path, script)
    before = path.read_bytes()
    assert refused(path) == f"{path} is another program's database; name a file that is not there yet"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_newer_program_s_file_is_refused_and_left_as_it_is(path: Path) -> None:
    open_file(path).close()
    run(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    found = refused(path)
    assert found.startswith(
        f"{path} was written by a newer crowdpad (version {len(MIGRATIONS) + 1} of the file;"
    )
    assert path.read_bytes() == before


def test_a_version_below_none_is_damage(path: Path) -> None:
    open_file(path).close()
    run(path, "PRAGMA user_version = -1")
    assert "is damaged" in refused(path)


def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path) -> None:
    open_file(path).close()
    run(path, "INSERT INTO settings VALUES " + ", ".join(f"('{n}', '{n:0100}')" for n in range(500)))
    whole = path.read_bytes()
    torn = whole[:8_000] + b"\xff" * 8_000 + whole[16_000:]
    path.write_bytes(torn)
    assert refused(path) == f"{path} is damaged; put a copy in its place, or move it away to start anew"
    assert path.read_bytes() == torn


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (lambda folder: folder, "is no file; name one that is not there yet"),
        (lambda folder: folder / "a\0b", "cannot be opened: embedded null byte"),
        (lambda folder: folder / ("x" * 300), "cannot be opened: File name too long"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="the words are Unix's")
def test_a_place_no_file_can_be_is_named(tmp_path: Path, broken: Callable[[Path], Path], why: str) -> None:
    place = broken(tmp_path)
    assert refused(place) == f"{place} {why}"


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    open_file(path).close()
    assert path.stat().st_size > 0


def test_the_reason_is_said_in_words(path: Path) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    assert sentence(path, "written", error) == f"{path} cannot be written: database or disk is full"
    error.sqlite_errorname = "SQLITE_FULL"
    assert sentence(path, "written", error) == f"{path} cannot be written: the disk is full"
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"
    assert sentence(path, "written", error) == f"{path} cannot be written: the disk does not do it"
    error.sqlite_errorname = "SQLITE_CORRUPT_VTAB"
    assert sentence(path, "read", error).startswith(f"{path} is damaged")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 4_095), byte=st.binary(min_size=1, max_size=40))
def test_any_bytes_in_the_file_open_or_are_refused_with_a_sentence(
    path: Path, place: int, byte: bytes
) -> None:
    path.unlink(missing_ok=True)
    open_file(path).close()
    content = bytearray(path.read_bytes())
    content[place : place + len(byte)] = byte
    path.write_bytes(content)
    with contextlib.suppress(StoreError):
        open_file(path, busy_s=0.05).close()
