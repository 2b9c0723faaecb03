"""The store's tables, as the steps that led to them. A step that has been released is never edited.

    people        one row per viewer: names as last seen, sums of what bot.changes.PersonSeen adds
    wishes        who asked to be forgotten, by account id, and nothing else of them
    restrictions  what a viewer may not use, and until when (null: until released); the word '' is all of it
    macros        a name, its parameters with a blank between them, its body
    settings      what moderators set by name

The checks are for files that somebody edited by hand: a column of SQLite takes anything, and a text where a
number is wanted would be found out in the middle of a stream. Opening the file looks at them.

Every time is milliseconds since 1970. SQLite 3.24 (2018) understands all of it; no Python that we run on
comes with an older one.
"""

from __future__ import annotations

from typing import Final

# "crpd": what a program that meets the file can tell it by.
APPLICATION_ID: Final = 0x63727064

# Step n takes a file from version n - 1 to version n. Each runs in one transaction.
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """CREATE TABLE people (
            user TEXT PRIMARY KEY NOT NULL,
            login TEXT NOT NULL,
            name TEXT NOT NULL,
            commands INTEGER NOT NULL CHECK (typeof(commands) = 'integer'),
            played INTEGER NOT NULL CHECK (typeof(played) = 'integer'),
            first_ms REAL NOT NULL CHECK (typeof(first_ms) = 'real'),
            last_ms REAL NOT NULL CHECK (typeof(last_ms) = 'real')
        ) WITHOUT ROWID""",
        "CREATE TABLE wishes (user TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
        """CREATE TABLE restrictions (
            user TEXT NOT NULL,
            word TEXT NOT NULL,
            until_ms REAL CHECK (typeof(until_ms) IN ('real', 'null')),
            PRIMARY KEY (user, word)
        ) WITHOUT ROWID""",
        """CREATE TABLE macros (
            name TEXT PRIMARY KEY NOT NULL,
            parameters TEXT NOT NULL,
            body TEXT NOT NULL
        ) WITHOUT ROWID""",
        "CREATE TABLE settings (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
    ),
)
