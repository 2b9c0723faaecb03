"""Looking configurations over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.errors import EXIT_USAGE
from tunnel.rendezvous.dht import MISSING

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


def test_what_a_file_says_about_paths_is_told_in_words(
    crowdpad: Crowdpad, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.check.library", object)
    extra = (
        "direct:\n"
        "  enabled: true\n"
        "  birthday: true\n"
        "  stun: ['stun.example.org:3478']\n"
        "  rendezvous: [{kind: dht}, {kind: folder, path: shared}]\n"
        "paths: {forbid: [direct tcp], pin: [direct udp], caps: {relays: 50 MB}}\n"
    )
    config = folder.bot_config(8765, extra)
    assert crowdpad("check", config).out.splitlines() == [
        f"{config}: a bot's, fine",
        "    Looks for direct paths, and asks stun.example.org:3478 how the internet sees it.",
        "    Guesses ports where a router shows everybody a different one.",
        "    Meets the other end without a relay too: in the BitTorrent DHT and in a folder.",
        "    Never uses direct tcp.",
        "    Uses direct udp alone while one of them works.",
        "    Spends at most 50 MB an hour on relays.",
    ]


def test_a_library_that_is_missing_is_told_with_how_to_install_it(
    crowdpad: Crowdpad, folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.check.library", lambda: None)
    said = crowdpad("check", folder.bot_config(8765, "direct: {enabled: true, rendezvous: [{kind: dht}]}\n"))
    assert said.status == 0
    assert said.out.endswith(f"\n    {MISSING}\n")


def test_what_has_no_effect_while_direct_paths_are_off_is_told(crowdpad: Crowdpad, folder: Any) -> None:
    extra = (
        "direct: {birthday: true, rendezvous: [{kind: dht}]}\n"
        "paths: {forbid: [direct tcp], pin: [direct udp, relays], caps: {direct: 50 MB}}\n"
    )
    config = folder.bot_config(8765, extra)
    why = "has no effect: `direct` is not enabled."
    assert crowdpad("check", config).out.splitlines() == [
        f"{config}: a bot's, fine",
        "    Never uses direct tcp.",
        "    Uses relays alone while one of them works.",
        f"    `rendezvous` under `direct` {why}",
        f"    `birthday` under `direct` {why}",
        f"    `pin` of direct udp {why}",
        f"    `caps` of direct {why}",
    ]


def test_what_has_no_effect_without_relays_is_told(crowdpad: Crowdpad, folder: Any) -> None:
    config = folder.bot_config(8765, "direct: {enabled: true}\npaths: {caps: {relays: 50 MB}}\n")
    config.write_text(config.read_text().replace("[ws://127.0.0.1:8765]", "[]"))
    assert crowdpad("check", config).out.splitlines() == [
        f"{config}: a bot's, fine",
        "    Looks for direct paths.",
        "    `caps` of relays has no effect: `relays` is empty.",
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


def test_pages_of_games_and_controllers_are_known_and_fine(crowdpad: Crowdpad, folder: Any) -> None:
    game = folder.write("mine.yaml", "title: Mine\ncontroller: gb\nwords: {bag: start}\npause: bag\n")
    controller = folder.write("pad.yaml", "title: Pad\ninputs: {a: A}\n")
    said = crowdpad("check", game, controller)
    assert (said.status, said.err) == (0, "")
    assert said.out == f"{game}: a game's, fine\n{controller}: a controller's, fine\n"


def test_a_line_of_a_game_that_is_no_input_is_a_mistake(crowdpad: Crowdpad, folder: Any) -> None:
    game = folder.write("mine.yaml", "title: Mine\npause: start500q\n")
    said = crowdpad("check", game)
    assert said.status == EXIT_USAGE
    assert said.err.startswith(f'{game}:2:8: pause: in "start500q", character 9: unknown unit "q"')


def test_a_game_is_checked_with_the_controller_that_is_named(crowdpad: Crowdpad, folder: Any) -> None:
    game = folder.write("mine.yaml", "title: Mine\nwords: {jump: cross}\n")
    assert crowdpad("check", game).status == EXIT_USAGE
    assert crowdpad("check", "--controller", "ps2", game).status == 0
    said = crowdpad("check", "--controller", "ps9", game)
    assert said.status == EXIT_USAGE
    assert 'there is no controller "ps9" (did you mean ps4?)' in said.err


def test_machines_are_told_what_a_page_is(crowdpad: Crowdpad, folder: Any) -> None:
    game = folder.write("mine.yaml", "title: Mine\n")
    assert json.loads(crowdpad("check", "--json", game).out)["kind"] == "game"


def test_the_game_of_a_bot_is_looked_over_too(crowdpad: Crowdpad, folder: Any) -> None:
    game = folder.write("mine.yaml", "title: Mine\npause: x500q\n")
    said = crowdpad("check", folder.bot_config(8765, "game: mine.yaml\n"))
    assert said.status == EXIT_USAGE
    assert said.err.startswith(f"{game}:2:8: pause: ")
    folder.write("mine.yaml", "title: Mine\n")
    assert crowdpad("check", folder.bot_config(8765, "game: mine.yaml\n")).status == 0


def test_step_is_refused_with_a_game_that_cannot_be_paused(crowdpad: Crowdpad, folder: Any) -> None:
    folder.write("mine.yaml", "title: Mine\n")
    config = folder.bot_config(8765, "game: mine.yaml\nmodes: {start: step}\n")
    said = crowdpad("check", config)
    assert said.err.startswith(f"{config}:6:16: modes.start: The mode step needs an input that pauses")
    folder.write("mine.yaml", "title: Mine\npause: start\n")
    assert crowdpad("check", config).status == 0


def test_a_certificate_that_is_none_is_a_mistake(crowdpad: Crowdpad, folder: Any) -> None:
    for name in ("cert.pem", "key.pem"):
        folder.write(name, "no PEM\n").chmod(0o600)
    relay = folder.relay_config()
    text = relay.read_text(encoding="utf-8")
    relay.write_text(f"{text}tls: {{cert: cert.pem, key: key.pem}}\n", encoding="utf-8")
    said = crowdpad("check", relay)
    assert said.status == EXIT_USAGE
    assert said.err.startswith(f"{relay}:4:6: tls: ")
    assert "are not a PEM certificate and its unencrypted private key" in said.err
