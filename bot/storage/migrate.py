"""Brings a SQLite file to the newest version of its tables, step by step, however often it is interrupted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def version_of(connection: sqlite3.Connection) -> int:
    """How many steps the file has behind it."""
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]]) -> None:
    """Takes the steps that are missing. Raises sqlite3.Error, and then the step at hand has not happened.

    Each step is one transaction together with its number, which SQLite keeps in the same file: whoever is
    killed in the middle finds the step undone, and takes it again. The connection must be in autocommit mode.
    """
    for number in range(version_of(connection), len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in steps[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
