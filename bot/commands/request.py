"""A row of the table of commands, and a command as somebody typed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bot.chat.line import ChatLine
from bot.commands.desk import Desk
from config.levels import Level
from config.play import CommandsConfig


class MisuseError(Exception):
    """What was typed is no use of this command. Its text says why; without one, the usage is told."""


class Request(NamedTuple):
    """What somebody typed.

    rest     what stands after the command's name; normalised, and no longer than a chat line
    words    the same, in words
    allowed  the rows of the table this person may use
    """

    line: ChatLine
    rest: str
    words: tuple[str, ...]
    allowed: tuple[Command, ...]
    now: float


Handler = Callable[[Desk, Request], str]


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table.

    name     as it is typed, without the `!`; the second word of `mode set` belongs to it
    usage    what may follow, in the way of man pages
    summary  one sentence of what it does
    handler  does it and says so; may raise MisuseError
    right    the name under which the configuration says who may use it; empty: its own
    shared   the answer is the same for everybody, and needs not be said twice in a row
    """

    name: str
    usage: str
    summary: str
    handler: Handler
    right: str = ""
    shared: bool = False

    @property
    def head(self) -> str:
        """The first word of the name."""
        return self.name.partition(" ")[0]

    @property
    def typed(self) -> str:
        """The whole of it as it is typed: `!mode set NAME`."""
        return f"!{self.name} {self.usage}".rstrip()

    def level(self, config: CommandsConfig) -> Level:
        """The lowest level that may use it."""
        return config.level(self.right or self.name)
