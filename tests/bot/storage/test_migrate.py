from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Final

import pytest

from bot.storage.migrate import migrate, version_of

ROOT: Final = Path(__file__).resolve().parents[3]
FIRST: Final = ("CREATE TABLE people (name TEXT)", "INSERT INTO people VALUES ('ada')")
SECOND: Final = (
    "ALTER TABLE people ADD COLUMN wins INTEGER NOT NULL DEFAULT 0",
    "UPDATE people SET wins = 7",
)


def opened(path: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(path, isolation_level=None))


def test_a_new_file_takes_every_step(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as connection:
        assert version_of(connection) == 0
        migrate(connection, (FIRST, SECOND))
        assert version_of(connection) == 2
        assert connection.execute("SELECT * FROM people").fetchall() == [("ada", 7)]


def test_an_older_file_takes_only_what_is_missing(tmp_path: Path) -> None:
    with opened(tmp_path / "store") as connection:
        migrate(connection, (FIRST,))
        connection.execute("INSERT INTO people VALUES ('bob')")
        migrate(connection, (FIRST, SECOND))
        assert connection.execute("SELECT * FROM people").fetchall() == [("ada", 7), ("bob", 7)]
        migrate(connection, (FIRST, SECOND))
        assert version_of(connection) == 2


def test_a_step_that_fails_has_not_happened_and_those_before_have(tmp_path: Path) -> None:
    broken = ("DELETE FROM people", "CREATE TABLE people (again TEXT)")
    with opened(tmp_path / "store") as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (FIRST, broken))
        assert not connection.in_transaction
        assert version_of(connection) == 1
        assert connection.execute("SELECT * FROM people").fetchall() == [("ada",)]


LONG_WAY: Final = [(f"CREATE TABLE t{n} (x)", f"INSERT INTO t{n} VALUES ({n})") for n in range(300)]
# A program that takes these steps one after another, and says of each when it is done.
WALK: Final = """
import sqlite3, sys
from bot.storage.migrate import migrate
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = NORMAL")
way = [(f"CREATE TABLE t{n} (x)", f"INSERT INTO t{n} VALUES ({n})") for n in range(300)]
for n in range(300):
    migrate(connection, way[: n + 1])
    print(n + 1, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_steps_cut_short_by_a_kill_are_finished_later(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "store"
    until = Random(seed).randrange(1, 250)
    with subprocess.Popen(
        [sys.executable, "-c", WALK, str(file)], cwd=ROOT, stdout=subprocess.PIPE
    ) as walker:
        assert walker.stdout is not None
        for _ in range(until):
            assert walker.stdout.readline()
        walker.kill()
        said = until + len(walker.stdout.readlines())
    with opened(file) as connection:
        version = version_of(connection)
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
        assert version in (said, said + 1)
        assert tables == version
        migrate(connection, LONG_WAY)
        assert version_of(connection) == 300
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
