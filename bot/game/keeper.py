"""Keeps the game in force, and reads its page again when somebody has edited it. Reads files, waits for none.

Editors write a file in several steps. So a page that has changed is read once it has looked the same twice in
a row, a second apart. A page with a mistake is said once, with its line, and the game in force stays.

Law of use: call `check` as often as you like; it looks once a second.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Final, NamedTuple

from bot.game.lines import checked
from config.controllers import ControllerError, controller_file
from config.games import Game, GameError, bare_game, game_file, game_names, load_game, unknown_game
from config.mistakes import ConfigError
from config.positions import MAX_BYTES

# A streamer who has saved the page looks up to see whether it counts: two looks are two seconds.
LOOK_MS: Final = 1_000

# A line in chat has 450 characters, and the place of the mistake is in it too.
_MOST_TEXT: Final = 250

_TITLE: Final = re.compile(rb"^title[ \t]*:", re.MULTILINE)
_INPUTS: Final = re.compile(rb"^inputs[ \t]*:", re.MULTILINE)

# When a file was written last (nanoseconds) and how long it is; None where there is none.
Stamp = tuple[int, int] | None


class Reloaded(NamedTuple):
    """A game that is in force from now on."""

    game: Game

    @property
    def sentence(self) -> str:
        """For the chat."""
        return f"{self.game.title} is on, played with the words of {self.game.controller.title}."


class Rejected(NamedTuple):
    """What is wrong, in full for the log and short for the chat. What was in force stays."""

    text: str
    sentence: str


class GameKeeper:
    """The game in force.

    game        the name of a page of ours, the path of another, or None for the controller alone
    controller  what is played with, where the page does not say
    pads        how many pads there are, for the page's lines

    Raises ConfigError, GameError or ControllerError if there is nothing to begin with.
    """

    def __init__(self, game: str | Path | None, controller: str, pads: int) -> None:
        self._controller = controller
        self._pads = pads
        # Pages beside the configured one can be switched to; a page of ours has only ours beside it.
        self._folder = game.parent if isinstance(game, Path) else None
        self._file = None if game is None else game_file(game)
        self._due: float | None = None
        self._game = self._load(self._file)
        self._read = _look(self._file, self._game)
        self._seen = self._read

    @property
    def game(self) -> Game:
        """The game in force."""
        return self._game

    def names(self) -> tuple[str, ...]:
        """What `switch` takes: the games beside the configured one, and ours."""
        own = () if self._folder is None else game_names(self._folder)
        beside = [
            name for name in own if self._folder is not None and _is_game(self._folder / f"{name}.yaml")
        ]
        return tuple(sorted({*beside, *game_names()}))

    def check(self, now: float) -> Reloaded | Rejected | None:
        """Whether the page, or that of its controller, has been edited; None if not."""
        if self._due is not None and now < self._due:
            return None
        self._due = now + LOOK_MS
        seen, before = _look(self._file, self._game), self._seen
        self._seen = seen
        if seen == self._read or seen != before:
            return None
        return self.reload()

    def reload(self) -> Reloaded | Rejected:
        """The game in force, read anew."""
        return self._take(self._file)

    def switch(self, name: str | None) -> Reloaded | Rejected:
        """Another game, by name; None is the controller alone. A name never leads to another folder."""
        if name is None:
            return self._take(None)
        names = self.names()
        if name not in names:
            text = unknown_game(name, names)
            return Rejected(text, _sentence(text))
        try:
            return self._take(game_file(name, self._folder))
        except GameError as error:  # gone since it was listed
            return Rejected(str(error), _sentence(str(error)))

    def _take(self, file: Path | None) -> Reloaded | Rejected:
        seen = _look(file, self._game)  # before reading: what is written meanwhile is noticed later
        if file == self._file:
            self._read = self._seen = seen  # whatever comes of it, it is not tried again
        try:
            game = self._load(file)
        except ConfigError as error:
            return Rejected(str(error), _brief(error))
        except ControllerError as error:
            return Rejected(str(error), "The controller's page has a mistake; the log says where.")
        same = game.controller.name == self._game.controller.name
        self._file, self._game = file, game
        self._read = self._seen = seen if same else _look(file, game)
        return Reloaded(game)

    def _load(self, file: Path | None) -> Game:
        if file is None:
            return bare_game(self._controller)
        return checked(load_game(file, self._controller), self._pads)


def _look(file: Path | None, game: Game) -> tuple[Stamp, ...]:
    """What tells whether the page, or that of the game's controller, has been written to."""
    files = [controller_file(game.controller.name)] + ([file] if file is not None else [])
    return tuple(_stamp(each) for each in files)


def _stamp(file: Path) -> Stamp:
    try:
        about = file.stat()
    except OSError:
        return None  # gone for a moment, as when an editor puts another in its place
    return about.st_mtime_ns, about.st_size


def _is_game(file: Path) -> bool:
    """Whether a page looks like a game's: it has a title, as every game, and no inputs, as every controller.

    Read properly, a folder of large pages would stop the game for seconds.
    """
    try:
        with file.open("rb") as page:
            head = page.read(MAX_BYTES)
    except OSError:
        return False
    return _TITLE.search(head) is not None and _INPUTS.search(head) is None


def _brief(error: ConfigError) -> str:
    """The first mistake without the folders of this machine: chat reads it."""
    line, _, key, text = dataclasses.astuple(error.mistakes[0])
    place = f"{error.file.name}{f', line {line}' if line else ''}{f', {key}' if key else ''}"
    more = f" (and {len(error.mistakes) - 1} more)" if len(error.mistakes) > 1 else ""
    said = f"{place}: {text[:_MOST_TEXT]}{more}"
    return said if said.endswith("?") else f"{said}."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
