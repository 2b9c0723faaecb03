"""What the bot still knows after a crash: one SQLite file, for one bot.

What can be lost, and when:

    the bot is killed (kill -9)  nothing that `write` has returned from: the system has it
    the machine loses power      the last writes, until the system has brought them to the disk: seconds to
                                 minutes, for the write-ahead log is synced only when it is folded into the
                                 file. Never a half of one, and never the file
    the disk is full, or gone    nothing that was written; `write` raises, and can be called again

A sync for every write would cost a slow disk 10 ms to 100 ms each, to guard against one that loses what a
moderator can type again. What is deleted is overwritten with zeros, and the log emptied after it.

People who were away for `RETENTION_MS` are deleted at the start, and restrictions that ran out `LATE_MS` ago.
So a clock that is a day ahead costs nothing that lasts; one that is half a year ahead costs the counts and
the restrictions that had an end.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from bot.changes import (
    Change,
    MacroDefined,
    MacroRemoved,
    PersonForgotten,
    PersonSeen,
    Released,
    Restricted,
    SettingChanged,
)
from bot.storage.file import BUSY_S, StoreError, open_file, sentence

__all__ = ["MOST_LOADED", "RETENTION_MS", "Memory", "Store", "StoreError"]

# Half a year: a viewer who comes back after a summer is known; one who never does is forgotten.
RETENTION_MS: Final = 180 * 86_400_000
# A machine whose clock is set wrong is noticed within days.
LATE_MS: Final = 7 * 86_400_000
# As many people as bot.viewers.people keeps in memory.
MOST_LOADED: Final = 200_000

log = logging.getLogger(__name__)


class Memory(NamedTuple):
    """Everything that is stored.

    people  who was here longest ago comes first; the counts are sums
    is_all  whether `people` is everybody, or only the latest `MOST_LOADED`
    wishes  who asked to be forgotten, by account id
    """

    people: list[PersonSeen]
    is_all: bool
    wishes: list[str]
    restrictions: list[Restricted]
    macros: list[MacroDefined]
    settings: dict[str, str]


class Store:
    """An open store. Its methods wait for the disk; they may be called from any thread, from one at a time.

    counters  unfit        changes that no file can hold: dropped, so that they do not stop the others
              not_emptied  times the log could not be emptied after somebody was forgotten
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """For `open` alone."""
        self._connection = connection
        self._path = path
        self.counters: Counter[str] = Counter()

    @classmethod
    def open(cls, path: Path, busy_s: float = BUSY_S) -> Store:
        """Opens the store, makes it if there is none, and brings an older one up to date.

        Raises StoreError for a file that is damaged, newer than this program, in use, or no store at all;
        such a file is left as it is.
        """
        return cls(open_file(path, busy_s), path)

    def load(self, now: float, most: int = MOST_LOADED) -> Memory:
        """Deletes what has run out, and returns the rest. Raises StoreError."""
        run = self._connection.execute
        try:
            gone = run("DELETE FROM people WHERE last_ms < ?", (now - RETENTION_MS,)).rowcount
            run("DELETE FROM restrictions WHERE until_ms <= ?", (now - LATE_MS,))
            [(known,)] = run("SELECT count(*) FROM people")
            # To have SQLite sort what is wanted anyway would double the time that a start takes.
            which = (_PEOPLE, ()) if known <= most else (_LATEST_PEOPLE, (most,))
            people = list(map(PersonSeen._make, run(*which)))
            people.sort(key=attrgetter("last_ms"))
            memory = Memory(
                people,
                known <= most,
                [user for (user,) in run("SELECT user FROM wishes")],
                [Restricted(*row) for row in run(_IN_FORCE, (now,))],
                [_macro(row) for row in run("SELECT name, parameters, body FROM macros ORDER BY name")],
                dict(run("SELECT key, value FROM settings")),
            )
        except sqlite3.Error as error:
            raise StoreError(sentence(self._path, "read", error)) from error
        if gone:
            self._empty_log()
        return memory

    def write(self, changes: Sequence[Change]) -> None:
        """Writes all of them, or none and raises StoreError; then it may be called again with the same."""
        run = self._connection.execute
        try:
            run("BEGIN IMMEDIATE")
            for change in changes:
                self._apply(change)
            run("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise StoreError(sentence(self._path, "written", error)) from error
        if any(isinstance(change, PersonForgotten) for change in changes):
            self._empty_log()

    def close(self) -> None:
        """Folds the log into the file and closes it. Harmless twice."""
        self._connection.close()

    def _apply(self, change: Change) -> None:
        try:
            for statement, values in _statements(change):
                self._connection.execute(statement, values)
        except (sqlite3.IntegrityError, sqlite3.DataError, UnicodeError, OverflowError) as error:
            # Not the disk's fault: tried again it would fail again, and hold up everything behind it.
            self.counters["unfit"] += 1
            log.warning("A %s cannot be stored, and is left out: %s.", type(change).__name__, error)

    def _roll_back(self) -> None:
        """SQLite has already done so after most errors."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            log.debug("rolling back failed: %s", error)  # what made the write fail is what is told

    def _empty_log(self) -> None:
        """Or a deleted viewer's row would stay readable in it until it is next used from its begin.

        The change itself is written: that it is not swept yet is no reason to write it again.
        """
        try:
            [is_busy, *_] = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            is_busy = True
        self.counters["not_emptied"] += bool(is_busy)


_PEOPLE: Final = "SELECT user, login, name, commands, played, first_ms, last_ms FROM people"
_LATEST_PEOPLE: Final = f"{_PEOPLE} ORDER BY last_ms DESC LIMIT ?"
_IN_FORCE: Final = "SELECT user, word, until_ms FROM restrictions WHERE until_ms IS NULL OR until_ms > ?"
_SEEN: Final = """
    INSERT INTO people (user, login, name, commands, played, first_ms, last_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (user) DO UPDATE SET
        login = excluded.login, name = excluded.name,
        commands = commands + excluded.commands, played = played + excluded.played,
        first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)
"""
_WISH: Final = "INSERT OR IGNORE INTO wishes (user) VALUES (?)"

_Statement = tuple[str, tuple[object, ...]]


def _statements(change: Change) -> Iterable[_Statement]:
    """What writes it down."""
    match change:
        case PersonSeen():
            yield _SEEN, change
        case PersonForgotten(user, opted_out):
            yield "DELETE FROM people WHERE user = ?", (user,)
            yield (_WISH if opted_out else "DELETE FROM wishes WHERE user = ?"), (user,)
        case Restricted():
            yield "INSERT OR REPLACE INTO restrictions (user, word, until_ms) VALUES (?, ?, ?)", change
        case Released(user):
            yield "DELETE FROM restrictions WHERE user = ?", (user,)
        case MacroDefined(name, parameters, body):
            row = (name, " ".join(parameters), body)
            yield "INSERT OR REPLACE INTO macros (name, parameters, body) VALUES (?, ?, ?)", row
        case MacroRemoved(name):
            yield "DELETE FROM macros WHERE name = ?", (name,)
        case SettingChanged(key, None):
            yield "DELETE FROM settings WHERE key = ?", (key,)
        case SettingChanged():
            yield "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", change


def _macro(row: tuple[str, str, str]) -> MacroDefined:
    name, parameters, body = row
    return MacroDefined(name, tuple(parameters.split()), body)
