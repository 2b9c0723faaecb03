"""Opens the store's file: makes it, keeps it private, makes sure it is ours, and brings it up to date.

What goes wrong with the file, here or later, is a StoreError whose text is for the streamer.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from bot.storage.migrate import migrate, version_of
from bot.storage.schema import APPLICATION_ID, MIGRATIONS

# A bot that is just ending needs less than a second; one that is running will not end for us.
BUSY_S: Final = 2.0
# The log is folded into the file at about 4 MB (SQLite's own figure). It is cut back to that.
_LOG_BYTES: Final = 4 * 2**20


class StoreError(Exception):
    """The store cannot be opened, read or written now. The text is one sentence for the streamer."""


def open_file(path: Path, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """An open file of the newest version, for this program alone, in autocommit mode, for any thread.

    Raises StoreError, after `busy_s` if the file is in use. A file that it refuses is left as it is.
    """
    try:
        _make(path)
        connection = sqlite3.connect(path, busy_s, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: a path no file can have
        raise _as_store_error(path, error) from error
    try:
        _check(connection, path)
        _make_private(path)
        _prepare(connection)
    except StoreError:
        connection.close()
        raise
    except (sqlite3.Error, OSError, UnicodeError) as error:
        connection.close()
        raise _as_store_error(path, error) from error
    return connection


def sentence(path: Path, what: str, error: sqlite3.Error) -> str:
    """For the streamer: what failed and why, in words."""
    # Extended names such as SQLITE_IOERR_WRITE begin with the plain one.
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_CORRUPT"):
        return _damaged(path)
    if name == "SQLITE_NOTADB":
        return f"{path} is no database; name a file that is not there yet"
    why = next((words for code, words in _REASONS.items() if name.startswith(code)), str(error))
    return f"{path} cannot be {what}: {why}"


def _as_store_error(path: Path, error: Exception) -> StoreError:
    if isinstance(error, sqlite3.Error):
        return StoreError(sentence(path, "opened", error))
    if isinstance(error, UnicodeError):  # SQLite's own complaint quotes what it found
        return StoreError(_damaged(path))
    return StoreError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}")


def _make(path: Path) -> None:
    """An empty file that only its owner may read, if there is none.

    One that exists is not opened here: to close it again would drop the locks this very program may hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not path.is_file():
            raise StoreError(f"{path} is no file; name one that is not there yet") from None


def _make_private(path: Path) -> None:
    """People's names are nobody else's business. SQLite gives a new log the mode that the file has."""
    if os.name == "posix":
        for file in (path, path.with_name(f"{path.name}-wal")):
            if file.exists() and file.stat().st_mode & 0o077:
                file.chmod(0o600)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreError if this is no file of ours, or one we cannot know. Changes nothing."""
    # A second bot would overwrite what the first one knows. The system takes the lock from a killed one.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    [mark] = connection.execute("PRAGMA application_id").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    version = version_of(connection)
    if mark != APPLICATION_ID and (mark or tables or version):
        raise StoreError(f"{path} is another program's database; name a file that is not there yet")
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path} was written by a newer crowdpad (version {version} of the file; this one knows "
            f"{len(MIGRATIONS)}): update this one, or name another file"
        )
    [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok" or version < 0:
        raise StoreError(_damaged(path))


def _prepare(connection: sqlite3.Connection) -> None:
    # Where a file system cannot do WAL, SQLite keeps another journal: slower, and as safe.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    connection.execute("PRAGMA secure_delete = ON")
    migrate(connection, MIGRATIONS)


def _damaged(path: Path) -> str:
    return f"{path} is damaged; put a copy in its place, or move it away to start anew"


_REASONS: Final = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_BUSY": "another program has it open, perhaps another bot",
    "SQLITE_LOCKED": "another program has it open, perhaps another bot",
    "SQLITE_READONLY": "it may only be read",
    "SQLITE_PERM": "it is not ours to open",
    "SQLITE_AUTH": "it is not ours to open",
    "SQLITE_CANTOPEN": "there is no such file any more, or it is not ours to open",
    "SQLITE_IOERR": "the disk does not do it",
}
