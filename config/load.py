"""A configuration file to its model, or every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from config import positions
from config.explain import explain
from config.kinds import Setting
from config.mistakes import ConfigError, Mistake
from config.model import BotConfig, ProgramConfig, ReceiverConfig, RelayConfig

M = TypeVar("M", bound=BaseModel)

# Keys that only one of the programs has.
_MARKS: Final[dict[type[ProgramConfig], frozenset[str]]] = {
    BotConfig: frozenset(
        ("receiver", "chat", "controller", "first_word", "modes", "commands", "queue", "labels")
    ),
    ReceiverConfig: frozenset(("bot", "device", "gamepad", "screen", "iid", "deny")),
    RelayConfig: frozenset(("listen", "allow", "open", "tls", "metrics_listen")),
}


def load(path: Path, model: type[M], *, check_files: bool = True) -> M:
    """The file as `model`, with relative paths made to start from the file's own folder.

    check_files  also look whether the files it names exist, and whether secret ones are private (POSIX)
    Raises ConfigError with all mistakes.
    """
    document = _document(path)
    mistakes = list(document.mistakes)
    if document.root is not None:
        try:
            loaded = model.model_validate(
                positions.content(document.root), context=Setting(path.parent, check_files)
            )
        except ValidationError as error:
            mistakes += explain(error.errors(include_url=False, include_input=False), model, document.root)
        else:
            if not mistakes:
                return loaded
    raise ConfigError(path, mistakes)


def sniff(path: Path) -> type[ProgramConfig]:
    """Which program's configuration this is, by the keys only that program has.

    Raises ConfigError if the file cannot be read, or its keys point nowhere or in two directions.
    """
    document = _document(path)
    if document.root is None:
        raise ConfigError(path, document.mistakes)
    keys = document.root.entries.keys()
    marks = sorted(((len(keys & own), model.__name__, model) for model, own in _MARKS.items()), reverse=True)
    if marks[0][0] == marks[1][0]:
        text = (
            "cannot tell whose configuration this is: a bot's has receiver and chat, "
            "a receiver's has bot and device, a relay's has listen"
        )
        raise ConfigError(path, [Mistake(1, 1, "", text)])
    return marks[0][2]


def mistake_at(path: Path, key: str, text: str) -> ConfigError:
    """What is wrong with the value of a key of the whole file, when only the program can tell."""
    document = _document(path)
    if document.root is None:  # no longer the file that was loaded
        return ConfigError(path, document.mistakes)
    node = positions.find(document.root, (key,)).node
    return ConfigError(path, [Mistake(node.line, node.column, key, text)])


def _document(path: Path) -> positions.Document:
    try:
        with path.open("rb") as file:
            return positions.read(file.read(positions.MAX_BYTES + 1))
    except FileNotFoundError as error:
        raise ConfigError(path, [Mistake(0, 0, "", "there is no such file")]) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            path, [Mistake(0, 0, "", f"cannot be read: {getattr(error, 'strerror', None) or error}")]
        ) from error
