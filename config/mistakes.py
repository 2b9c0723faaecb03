"""What is wrong in a configuration file, and how it is said: one line per mistake, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What a person types before the name of a command.
CALL: Final = "python3 run.py"
# A file full of junk has thousands of mistakes; nobody reads more than a screen of them.
MAX_LINES: Final = 50
_MAX_SHOWN: Final = 60  # characters of somebody's text that are repeated back
# Private keys, Twitch tokens (bare or with prefix), passwords inside addresses: logs are seen on stream.
_SECRETS: Final = re.compile(r"(0x)?[0-9a-f]{64}|oauth:.*|[a-z0-9]{30}|.*://[^/]*@.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake. Line and column count from 1; line 0 is the file as a whole; an empty key is no key."""

    line: int
    column: int
    key: str
    text: str


class ConfigError(Exception):
    """A file that is no configuration. `str()` is ready to print: a line per mistake, in the file's order."""

    def __init__(self, file: Path, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(sorted(mistakes))
        super().__init__(file, self.mistakes)

    def __str__(self) -> str:
        lines = [self._line(mistake) for mistake in self.mistakes[:MAX_LINES]]
        if len(self.mistakes) > MAX_LINES:
            lines.append(f"{self.file}: and {len(self.mistakes) - MAX_LINES} more")
        return "\n".join(lines)

    def _line(self, mistake: Mistake) -> str:
        place = f"{self.file}:{mistake.line}:{mistake.column}" if mistake.line else str(self.file)
        return f"{place}: {mistake.key}: {mistake.text}" if mistake.key else f"{place}: {mistake.text}"


def is_secret(text: str) -> bool:
    """Whether this looks like something that must not be repeated on a screen."""
    return _SECRETS.fullmatch(text.strip()) is not None


def shown(text: str) -> str:
    """Somebody's text as it may stand in a message: on one line, short, and never a secret."""
    if is_secret(text):
        return "(not shown: it looks like a secret)"
    if len(text) > _MAX_SHOWN:
        text = text[: _MAX_SHOWN - 3] + "..."
    return '"' + "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) + '"'
