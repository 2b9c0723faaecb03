"""The kinds of values that say where a game is, and where a file is to be made."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic_core import PydanticCustomError

from config.kinds import FileName, Kind, Setting

# The pages that come with the project.
GAMES: Final = Path(__file__).with_name("games")
GAME_NAME: Final = re.compile("[a-z0-9][a-z0-9_-]{0,31}")

_PAGE: Final = FileName("a game's page")


@dataclass(frozen=True)
class GamePlace(Kind):
    """A game: the name of a page of ours, kept as text, or the file of another, kept as a path."""

    @property
    def wanted(self) -> str:
        return "the name of a game, or the file of its page (mygame.yaml)"

    def read(self, value: object, setting: Setting | None) -> str | Path:
        if isinstance(value, str) and GAME_NAME.fullmatch(value):
            if setting is not None and not (GAMES / f"{value}.yaml").is_file():
                raise self.refused(_known(value))
            return str(value)
        if not isinstance(value, Path) and not (isinstance(value, str) and value.endswith((".yaml", ".yml"))):
            raise self.refused(_known(str(value)) if isinstance(value, str) else "")
        return _PAGE.read(value, setting)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": rf"^({GAME_NAME.pattern}|.*\.ya?ml)$"}


@dataclass(frozen=True)
class NewFileName(FileName):
    """A file that the program makes where there is none. Its folder must be there."""

    def _check(self, path: Path) -> None:
        if path.exists():
            super()._check(path)
        elif not path.parent.is_dir():
            text = f"{path.parent} is no folder; make it first, or name another"
            raise PydanticCustomError("file", "{text}", {"text": text})


def _known(name: str) -> str:
    names = sorted(file.stem for file in GAMES.glob("*.yaml"))
    nearest = difflib.get_close_matches(name[:32], names, n=1)
    return f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(names)}"
