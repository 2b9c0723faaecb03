"""The models as JSON Schemas, which let an editor complete and check a file while it is written.

`python -m config.schema` writes the files again after a model has changed; a test sees to it that they match.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from config.controller_page import ControllerPage
from config.game_page import GamePage
from config.model import BotConfig, ReceiverConfig, RelayConfig

FOLDER: Final = Path(__file__).with_name("schema")
MODELS: Final[dict[str, type[BaseModel]]] = {
    "bot": BotConfig,
    "receiver": ReceiverConfig,
    "relay": RelayConfig,
    "controller": ControllerPage,
    "game": GamePage,
}


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the kind of file called `name`."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **MODELS[name].model_json_schema()}


def schema_text(name: str) -> str:
    """The same as the text of its file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Writes one file for each kind."""
    folder.mkdir(exist_ok=True)
    for name in MODELS:
        (folder / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
