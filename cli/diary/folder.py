"""The folder in which a running program and the command `paths` leave word for each other.

    bot.yaml
    bot.paths/       for its owner alone
      status.json    how the paths stand; the program writes it every two seconds
      own.letter     what `paths offer` prints; the program writes it (tunnel/rendezvous/folder.py)
      peer.letter    what `paths answer` was given; the program reads it
      shown          which run of the program it was whose letter people have been shown
      look_hard      until when people are waiting, in milliseconds since 1970

Each file is put in its place whole, so nobody reads half of one.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

STATUS: Final = "status.json"
SHOWN: Final = "shown"
LOOK_HARD: Final = "look_hard"

# A status with everything at its bound is some 60 kB. Whatever is larger is not ours.
MOST_BYTES: Final = 262_144
# Looking hard costs packets and the other end's patience: two people on the phone need no longer.
LONGEST_MS: Final = 600_000.0


class Folder:
    """That of one configuration file. Its methods raise OSError; a file that is not there reads as None."""

    def __init__(self, config: Path) -> None:
        self.path = config.with_suffix(".paths")

    def make(self) -> None:
        """For its owner alone, also if it was there already."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            self.path.chmod(0o700)

    def write(self, name: str, data: bytes) -> None:
        """Whole or not at all, for its owner alone. On Windows it fails while somebody reads the file."""
        new = self.path / f"{name}.new"
        new.unlink(missing_ok=True)  # one that was left behind would keep its mode
        with open(new, "wb", opener=_owner_only) as file:
            file.write(data)
        os.replace(new, self.path / name)

    def read(self, name: str) -> bytes | None:
        """At most 262,144 bytes of it: one byte more than fits says that it is none of ours."""
        try:
            with open(self.path / name, "rb") as file:
                return file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None

    def written_ms(self, name: str) -> float | None:
        """When, by the system's clock."""
        try:
            return (self.path / name).stat().st_mtime * 1000
        except FileNotFoundError:
            return None

    def ask_to_look_hard(self, until_ms: float) -> None:
        """People are waiting until then."""
        self.make()
        self.write(LOOK_HARD, str(int(until_ms)).encode())

    def looking_hard_until(self, now_ms: float) -> float | None:
        """Until when people wait, ten minutes from now at most; None if nobody does."""
        try:
            until_ms = float(self.read(LOOK_HARD) or b"0")
        except ValueError:
            return None
        return min(until_ms, now_ms + LONGEST_MS) if until_ms > now_ms else None


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def system_ms() -> float:
    """The system's clock, milliseconds since 1970: two programs have no other in common.

    The programs' own (tunnel/wallclock.py) never jumps, but stands still while the machine sleeps.
    """
    return time.time() * 1000
