"""A configuration file to its model, or every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from config import positions
from config.controller_page import ControllerPage
from config.game_page import GamePage
from config.kinds import Setting
from config.mistakes import ConfigError, Mistake
from config.model import BotConfig, ProgramConfig, ReceiverConfig, RelayConfig
from config.pages import file_bytes, read_page

M = TypeVar("M", bound=BaseModel)
AnyPage = ProgramConfig | ControllerPage | GamePage

# Keys that only one kind of file has. A controller's page is told by its `inputs`, which it must have.
_MARKS: Final[dict[type[AnyPage], frozenset[str]]] = {
    BotConfig: frozenset(
        ("receiver", "chat", "first_word", "modes", "commands", "queue", "labels", "game", "store")
    ),
    ReceiverConfig: frozenset(("bot", "device", "gamepad", "screen", "iid", "deny")),
    RelayConfig: frozenset(("listen", "allow", "open", "tls", "metrics_listen")),
    GamePage: frozenset(GamePage.model_fields.keys() - {"controller", "limits"}),
}


def load(path: Path, model: type[M], *, check_files: bool = True) -> M:
    """The file as `model`, with relative paths made to start from the file's own folder.

    check_files  also look whether the files it names exist, and whether secret ones are private (POSIX)
    Raises ConfigError with all mistakes.
    """
    return read_page(path, file_bytes(path), model, Setting(path.parent, check_files)).content


def sniff(path: Path) -> type[AnyPage]:
    """What kind of file this is, by the keys that only that kind has.

    Raises ConfigError if the file cannot be read, or its keys point nowhere or in two directions.
    """
    document = positions.read(file_bytes(path))
    if document.root is None:
        raise ConfigError(path, document.mistakes)
    keys = document.root.entries.keys()
    if "inputs" in keys:
        return ControllerPage
    marks = sorted(((len(keys & own), model.__name__, model) for model, own in _MARKS.items()), reverse=True)
    if marks[0][0] == marks[1][0]:
        text = (
            "cannot tell what this file is: a bot's configuration has receiver and chat, a receiver's has "
            "bot and device, a relay's has listen, a game's page has title and words, a controller's inputs"
        )
        raise ConfigError(path, [Mistake(1, 1, "", text)])
    return marks[0][2]


def mistake_at(path: Path, key: str, text: str) -> ConfigError:
    """What is wrong with a key's value (`identity`, `tls.cert`), when only the program can tell."""
    document = positions.read(file_bytes(path))
    if document.root is None:  # no longer the file that was loaded
        return ConfigError(path, document.mistakes)
    found = positions.find(document.root, tuple(key.split(".")))
    at = found.node if found.whole else found.key or found.node
    return ConfigError(path, [Mistake(at.line, at.column, key, text)])
