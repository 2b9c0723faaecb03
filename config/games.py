"""The games there are: by name, by file, or none at all.

A game is a page of YAML in the folder `games` beside this module, or wherever the configuration says. Its
lines (macros, triggers, pause, idle, periodic) are text here: only the bot knows how to read them
(bot.game.lines).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from config.controllers import fresh_controller
from config.game import Cooldown, Game, Idle, MacroText, TriggerRule
from config.game_page import GamePage
from config.joining import join
from config.kinds import Setting
from config.mistakes import shown
from config.pages import file_bytes, read_page
from config.places import GAME_NAME, GAMES

__all__ = [
    "GAMES",
    "Cooldown",
    "Game",
    "GameError",
    "Idle",
    "MacroText",
    "TriggerRule",
    "bare_game",
    "game_file",
    "game_names",
    "load_game",
    "read_game",
    "unknown_game",
]


_MOST_LISTED: Final = 8  # the answer is a line in chat


# More than anybody lists in a line of chat; a folder of other things is not gone through to its end.
MOST_GAMES: Final = 200


class GameError(ValueError):
    """There is no such game: a sentence for a person."""


def game_names(folder: Path = GAMES) -> tuple[str, ...]:
    """The pages in `folder` that could be games by their name, by the alphabet; at most `MOST_GAMES`."""
    pages = (path.stem for path in folder.glob("*.yaml") if GAME_NAME.fullmatch(path.stem) and path.is_file())
    return tuple(sorted(pages)[:MOST_GAMES])


def game_file(name_or_path: str | Path, folder: Path | None = None) -> Path:
    """Where a game's page is. A bare name is looked for in `folder`, then among ours; a path is itself.

    Raises GameError, naming the known ones. A bare name never leads anywhere else.
    """
    if isinstance(name_or_path, Path):
        return name_or_path
    folders = [place for place in (folder, GAMES) if place is not None]
    if GAME_NAME.fullmatch(name_or_path):
        for place in folders:
            if (place / f"{name_or_path}.yaml").is_file():
                return place / f"{name_or_path}.yaml"
    raise GameError(unknown_game(name_or_path, {name for place in folders for name in game_names(place)}))


def unknown_game(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is no game's."""
    names = sorted(known)
    nearest = difflib.get_close_matches(name[:32], names, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    listed = ", ".join(names[:_MOST_LISTED]) + (", ..." if len(names) > _MOST_LISTED else "")
    return f"there is no game {shown(name[:32])}{hint}; there are: {listed or 'none'}"


def bare_game(controller: str) -> Game:
    """The controller alone, with nothing added. Raises ControllerError."""
    found = fresh_controller(controller)
    return Game(name="", title=found.title, controller=found)


def load_game(name_or_path: str | Path, controller: str) -> Game:
    """A game by name, or by the path of its page, for a controller unless the page names another.

    Raises ConfigError with all mistakes of the page, GameError, or ControllerError.
    """
    file = game_file(name_or_path)
    return read_game(file, file_bytes(file), controller)


def read_game(file: Path, data: bytes, controller: str) -> Game:
    """The game that the bytes of `file` describe. Reads the controller's page, and no other file."""
    page = read_page(file, data, GamePage, Setting(file.parent, check_files=False))
    return join(page, fresh_controller(page.content.controller or controller))
