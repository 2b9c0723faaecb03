"""One YAML file as one model, with the place of every value, or every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from config import positions
from config.explain import explain
from config.kinds import Setting
from config.mistakes import ConfigError, Mistake

M = TypeVar("M", bound=BaseModel)


class Page(NamedTuple, Generic[M]):
    """What a file says, and where in it each thing stands."""

    path: Path
    content: M
    root: positions.Mapping

    def mistake(self, keys: positions.KeyPath, text: str) -> Mistake:
        """What is wrong with the value at `keys`, when only the program can tell."""
        found = positions.find(self.root, keys)
        at = found.node if found.whole else found.key or found.node
        return Mistake(at.line, at.column, positions.dotted(keys), text)


def read_page(path: Path, data: bytes, model: type[M], setting: Setting | None = None) -> Page[M]:
    """The bytes of the file `path` as `model`. Pure: the file itself is not looked at.

    Raises ConfigError with all mistakes.
    """
    document = positions.read(data)
    mistakes = list(document.mistakes)
    if document.root is not None:
        try:
            content = model.model_validate(positions.content(document.root), context=setting)
        except ValidationError as error:
            mistakes += explain(error.errors(include_url=False, include_input=False), model, document.root)
        else:
            if not mistakes:
                return Page(path, content, document.root)
    raise ConfigError(path, mistakes)


def file_bytes(path: Path) -> bytes:
    """What stands in the file, as far as anybody would read it. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            return file.read(positions.MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(path, [Mistake(0, 0, "", "there is no such file")]) from error
    except (OSError, ValueError) as error:
        raise ConfigError(
            path, [Mistake(0, 0, "", f"cannot be read: {getattr(error, 'strerror', None) or error}")]
        ) from error
