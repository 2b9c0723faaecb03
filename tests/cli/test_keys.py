"""Making keys and showing their public side."""

from __future__ import annotations

import json
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import EXIT_TROUBLE, EXIT_USAGE
from tunnel.identity import Identity

Crowdpad = Callable[..., Any]


def test_a_new_key_prints_what_other_tools_read(crowdpad: Crowdpad, tmp_path: Path) -> None:
    said = crowdpad("keys", "new", tmp_path / "bot.key", "--json")
    assert (said.status, said.err) == (0, "")
    shown = json.loads(said.out)
    assert shown.keys() == {"address", "public_key"}
    assert re.fullmatch("0x[0-9a-fA-F]{40}", shown["address"])
    assert re.fullmatch("0[23][0-9a-f]{64}", shown["public_key"])
    assert crowdpad("keys", "show", tmp_path / "bot.key", "--json").out == said.out


def test_people_are_told_where_each_part_belongs(crowdpad: Crowdpad, tmp_path: Path) -> None:
    said = crowdpad("keys", "new", tmp_path / "bot.key")
    public = Identity.load(tmp_path / "bot.key").public
    assert f"address     {public.address}" in said.out
    assert f"public key  {public.hex}" in said.out
    assert all(word in said.out for word in ("`identity`", "`allow`", "`bot`", "`receiver`"))


def test_the_secret_is_never_printed(crowdpad: Crowdpad, tmp_path: Path) -> None:
    file = tmp_path / "bot.key"
    said = crowdpad("keys", "new", file).out + crowdpad("keys", "show", file, "--json").out
    assert file.read_text(encoding="ascii").strip() not in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_its_owner_can_read_a_key(crowdpad: Crowdpad, tmp_path: Path) -> None:
    crowdpad("keys", "new", tmp_path / "bot.key")
    assert stat.S_IMODE((tmp_path / "bot.key").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(crowdpad: Crowdpad, tmp_path: Path) -> None:
    crowdpad("keys", "new", tmp_path / "bot.key")
    before = (tmp_path / "bot.key").read_bytes()
    said = crowdpad("keys", "new", tmp_path / "bot.key")
    assert said.status == EXIT_TROUBLE
    assert "never overwritten" in said.err
    assert (tmp_path / "bot.key").read_bytes() == before


def test_an_encrypted_key_opens_with_its_passphrase_alone(crowdpad: Crowdpad, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\nsecond line\n", encoding="utf-8")
    made = crowdpad("keys", "new", tmp_path / "bot.key", "--passphrase-file", passphrase, "--json")
    assert made.status == 0
    assert json.loads((tmp_path / "bot.key").read_text(encoding="utf-8"))["version"] == 3
    assert crowdpad("keys", "show", tmp_path / "bot.key").status == EXIT_TROUBLE
    shown = crowdpad("keys", "show", tmp_path / "bot.key", "--passphrase-file", passphrase, "--json")
    assert shown.out == made.out


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n", None])
def test_a_passphrase_file_without_a_passphrase_is_named(
    crowdpad: Crowdpad, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "passphrase"
    if content is not None:
        file.write_bytes(content)
    said = crowdpad("keys", "new", tmp_path / "bot.key", "--passphrase-file", file)
    assert said.status == EXIT_TROUBLE
    assert str(file) in said.err
    assert not (tmp_path / "bot.key").exists()


def test_a_missing_key_says_how_to_make_it(crowdpad: Crowdpad, tmp_path: Path) -> None:
    said = crowdpad("keys", "show", tmp_path / "bot.key")
    assert said.status == EXIT_TROUBLE
    assert "keys new" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("words", [[], ["new"], ["make", "bot.key"]])
def test_half_a_command_is_wrong_usage(crowdpad: Crowdpad, words: list[str]) -> None:
    assert crowdpad("keys", *words).status == EXIT_USAGE
