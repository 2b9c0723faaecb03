from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.model import BotConfig, ReceiverConfig
from config.schema import FOLDER, MODELS, schema_of, schema_text, write

EXAMPLES = FOLDER.parent / "examples"
ROOT = FOLDER.parents[1]  # where the examples are copied to
_PRIME = 2**256 - 2**32 - 977  # secp256k1's field


def properties(schema: Any) -> list[dict[str, Any]]:
    """Every property of every group in a schema."""
    if isinstance(schema, list):
        return [found for item in schema for found in properties(item)]
    if not isinstance(schema, dict):
        return []
    here = [
        field for field in schema.get("properties", {}).values() if "const" not in field or len(field) > 1
    ]
    return here + [found for value in schema.values() for found in properties(value)]


@pytest.mark.parametrize("name", MODELS)
def test_the_committed_schema_is_the_one_the_models_make(name: str) -> None:
    committed = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run: python -m config.schema"


@pytest.mark.parametrize("name", MODELS)
def test_an_editor_is_told_what_every_key_is_for(name: str) -> None:
    assert all("description" in field for field in properties(schema_of(name)))


@pytest.mark.parametrize("name", MODELS)
def test_an_editor_marks_unknown_keys(name: str) -> None:
    schema = schema_of(name)
    groups = [schema, *schema["$defs"].values()]
    assert all(group["additionalProperties"] is False for group in groups if "properties" in group)


@pytest.mark.parametrize("name", MODELS)
def test_every_reference_of_a_schema_leads_somewhere(name: str) -> None:
    schema = schema_of(name)
    for reference in re.findall(r'"#/\$defs/(\w+)"', schema_text(name)):
        assert reference in schema["$defs"]


PAGES = [
    *((file, file.stem, ROOT) for file in sorted(EXAMPLES.glob("*.yaml"))),  # as seen from a copy
    *((file, "controller", file.parent) for file in sorted((FOLDER.parent / "controllers").glob("*.yaml"))),
    *((file, "game", file.parent) for file in sorted((FOLDER.parent / "games").glob("*.yaml"))),
]


@pytest.mark.parametrize(("file", "name", "folder"), PAGES, ids=lambda part: getattr(part, "name", None))
def test_each_page_names_its_schema(file: Path, name: str, folder: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert match is not None
    assert (folder / match[1]).resolve() == (FOLDER / f"{name}.schema.json").resolve()


def test_the_files_are_written_where_asked(tmp_path: Path) -> None:
    write(tmp_path / "schema")
    assert {file.name for file in (tmp_path / "schema").iterdir()} == {f"{n}.schema.json" for n in MODELS}


def nobody(label: str) -> str:
    """The first point whose x is a hash of `label` and a count: nobody can know its private key."""
    for count in range(100):
        x = int.from_bytes(hashlib.sha256(f"{label} {count}".encode()).digest(), "big")
        if x < _PRIME and pow(x**3 + 7, (_PRIME - 1) // 2, _PRIME) == 1:
            return f"02{x:064x}"
    raise AssertionError("half of all numbers are on the curve")


def test_the_public_keys_of_the_examples_are_points_that_nobody_owns() -> None:
    bot = load(EXAMPLES / "bot.yaml", BotConfig, check_files=False)
    receiver = load(EXAMPLES / "receiver.yaml", ReceiverConfig, check_files=False)
    assert bot.receiver == nobody("crowdpad example receiver")
    assert receiver.bot == nobody("crowdpad example bot")
