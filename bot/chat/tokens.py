"""The login file: who the bot is on Twitch, and the tokens that prove it.

One JSON object, readable by its owner alone. It is never written in place: a new file is made beside it,
flushed to the disk and renamed over it, so that at any moment, `kill -9` included, the file is the old one or
the new one and whole. That matters: a public client's refresh token works once, and the one that replaces it
exists nowhere else.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bot.chat.eventsub_words import LOGIN_COMMAND
from bot.chat.fields import FieldError, read_object, text, texts

# Tokens are 30 to 50 characters and a login allows a handful of things; this is room for both to grow.
LONGEST_TOKEN: Final = 512
MOST_SCOPES: Final = 256
_MOST_BYTES: Final = 65_536


class LoginError(Exception):
    """The login file cannot be used or written. The text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Twitch gives: one to work with for some hours, and one to get the next two with, once."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Login:
    """client_id: the application. user_id, user: the account's number and login name."""

    client_id: str
    user_id: str
    user: str
    tokens: Tokens


class LoginFile:
    """A login and the file it is kept in. Raises LoginError if there is none that can be used.

    login   what holds now; change it with `store` alone
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.login = read(path)

    def reload(self) -> None:
        """Somebody may have logged in anew. Raises LoginError."""
        self.login = read(self.path)

    def store(self, login: Login) -> None:
        """Writes it, then uses it. Raises LoginError if it cannot be written; it is used all the same then,
        because whatever it replaces may be worth nothing any more.
        """
        try:
            write(self.path, login)
        finally:
            self.login = login


def read(path: Path) -> Login:
    """Raises LoginError with one sentence that says what to do."""
    try:
        with path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise LoginError(f"{path} can be read by others; run: chmod 600 {path}")
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise LoginError(f"{path} does not exist; make it with: {LOGIN_COMMAND} {path}") from error
    except (OSError, ValueError) as error:  # ValueError: a path no file can have
        raise LoginError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        if len(data) > _MOST_BYTES:
            raise FieldError("it is too large")
        fields = read_object(data)
        tokens = Tokens(
            text(fields, "access_token", LONGEST_TOKEN),
            text(fields, "refresh_token", LONGEST_TOKEN),
            frozenset(texts(fields, "scopes", MOST_SCOPES)),
        )
        return Login(text(fields, "client_id"), text(fields, "user_id"), text(fields, "user"), tokens)
    except FieldError as error:
        raise LoginError(f"{path} is no login file: {error}") from error


def write(path: Path, login: Login) -> None:
    """Replaces the file, mode 0600. Raises LoginError and leaves what was there if that fails."""
    content = _as_json(login).encode()
    try:
        beside = _write_beside(path, content)
        try:
            os.replace(beside, path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except (OSError, ValueError) as error:
        raise LoginError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from error


def check_place(path: Path) -> None:
    """Raises LoginError if a login could not be written there."""
    try:
        _write_beside(path, b"\n").unlink()
    except (OSError, ValueError) as error:
        raise LoginError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from error


def _write_beside(path: Path, content: bytes) -> Path:
    """A new file in the same folder, on the disk. Nothing is left of it if that fails."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.unlink(missing_ok=True)  # of a run with our number that was killed
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _as_json(login: Login) -> str:
    fields = asdict(login)
    tokens = fields.pop("tokens")
    fields |= {"access_token": tokens["access"], "refresh_token": tokens["refresh"]}
    return json.dumps({**fields, "scopes": sorted(tokens["scopes"])}, indent=1) + "\n"


def _sync_folder(folder: Path) -> None:
    """The new name is on the disk too, where a system knows how to say that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
