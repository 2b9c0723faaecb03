"""Looking configurations over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cli.errors import EXIT_USAGE

Crowdpad = Callable[..., Any]


def test_each_program_s_configuration_is_known_and_fine(crowdpad: Crowdpad, folder: Any) -> None:
    files = [folder.relay_config(), folder.bot_config(8765), folder.receiver_config(8765)]
    said = crowdpad("check", *files)
    assert (said.status, said.err) == (0, "")
    assert [line.rpartition(": ")[2] for line in said.out.splitlines()] == [
        "a relay's, fine",
        "a bot's, fine",
        "a receiver's, fine",
    ]


def test_one_bad_file_is_named_and_the_others_are_looked_at_all_the_same(
    crowdpad: Crowdpad, folder: Any
) -> None:
    bad = folder.write("bad.yaml", "listen: 127.0.0.1:99999\nname: x\nopen: true\n")
    said = crowdpad("check", bad, folder.relay_config())
    assert said.status == EXIT_USAGE
    assert said.err.startswith(f"{bad}:1:")
    assert "listen" in said.err
    assert said.out.endswith("a relay's, fine\n")


def test_machines_get_one_object_for_each_file(crowdpad: Crowdpad, folder: Any) -> None:
    bad = folder.write("bad.yaml", "listen: nowhere\nname: x\nopen: true\n")
    said = crowdpad("check", "--json", folder.relay_config(), bad, folder.path / "missing.yaml")
    fine, wrong, missing = map(json.loads, said.out.splitlines())
    assert fine == {"file": str(folder.path / "relay.yaml"), "ok": True, "kind": "relay"}
    assert wrong["ok"] is False
    assert wrong["mistakes"][0].startswith(f"{bad}:1:")
    assert missing["ok"] is False
    assert (said.status, said.err) == (EXIT_USAGE, "")
