"""Letters as files of one folder: one for each hole, replaced as a whole. Blocks as long as the disk does.

The folder may be shared with strangers, synchronised by some program, or a stick that people carry: a file
may be anything, half written, or gone. Whoever writes one makes it under another name and renames it, so
that nobody reads half a letter of ours; theirs are read again once they have changed.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tunnel.rendezvous.place import MAX_LETTER, PlaceError

# Not there on Windows, or only there.
_NOT_A_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_NEVER_WAIT: Final = getattr(os, "O_NONBLOCK", 0)
_AS_IT_IS: Final = getattr(os, "O_BINARY", 0)


class _Stamp(NamedTuple):
    """What changes whenever a file does."""

    modified_ns: int
    size: int
    inode: int


class Files:
    """The letters in a folder. Every method may raise PlaceError.

    counters  what was there and was no letter, by reason
    """

    def __init__(self, folder: Path, counters: Counter[str]) -> None:
        self._folder = folder
        self._counters = counters
        self._read: dict[str, _Stamp] = {}

    def make_folder(self) -> None:
        """If it is missing."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise self._failed("made", error) from error

    def has(self, name: str) -> bool:
        """Whether there is anything of this name."""
        try:
            return (self._folder / name).exists()
        except OSError as error:
            raise self._failed("looked at", error) from error

    def write(self, name: str, letter: bytes) -> None:
        """Instead of what lay there; readable by its owner alone."""
        target, made = self._folder / name, self._folder / f".{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_A_LINK | _AS_IT_IS
        try:
            made.unlink(missing_ok=True)  # left by a program that was killed
            with os.fdopen(os.open(made, flags, 0o600), "wb") as file:
                file.write(letter)
            made.replace(target)
        except OSError as error:
            raise self._failed("written", error) from error

    def remove(self, names: Iterable[str]) -> None:
        """If they are there. That one cannot be removed is no reason to fail: nobody looks there any more."""
        for name in names:
            try:
                (self._folder / name).unlink(missing_ok=True)
            except OSError:
                self._counters["old letters that stay"] += 1

    def news(self, names: Iterable[str]) -> list[bytes]:
        """What lies there and is another letter than the last time."""
        wanted = tuple(names)
        self._read = {name: stamp for name, stamp in self._read.items() if name in wanted}
        try:
            return [letter for name in wanted if (letter := self._news(name)) is not None]
        except OSError as error:
            raise self._failed("read", error) from error

    def _news(self, name: str) -> bytes | None:
        path = self._folder / name
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        if _stamp(found) == self._read.get(name):
            return None
        letter = b""
        if stat.S_ISREG(found.st_mode):
            descriptor = os.open(path, os.O_RDONLY | _NEVER_WAIT | _AS_IT_IS)
            with os.fdopen(descriptor, "rb") as file:
                found = os.fstat(file.fileno())
                letter = file.read(MAX_LETTER + 1)
        else:
            self._counters["dropped: no file"] += 1
        self._read[name] = _stamp(found)
        if len(letter) > MAX_LETTER:
            self._counters["dropped: too long"] += 1
            return None
        return letter or None

    def _failed(self, what: str, error: Exception) -> PlaceError:
        reason = getattr(error, "strerror", None) or str(error)
        return PlaceError(f"The folder {self._folder} cannot be {what}: {reason.lower()}.")


def _stamp(found: os.stat_result) -> _Stamp:
    return _Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
