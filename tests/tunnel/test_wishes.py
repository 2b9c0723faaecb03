"""What a configuration wants becomes the endpoint's own options: bot's and receiver's alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.model import BotConfig
from tunnel.identity import Identity
from tunnel.rendezvous.board import Board
from tunnel.wallclock import WallClock
from tunnel.wishes import EndpointOptions, endpoint_options

OWN, PEER = Identity.create(), Identity.create()
RELAY = "wss://relay.example.org"


def config(**settings: Any) -> BotConfig:
    """The receiver's has the same shape where it is about the tunnel: mypy sees to that."""
    common: dict[str, Any] = {
        "identity": Path("unused"),
        "relays": (RELAY,),
        "receiver": PEER.public.hex,
        "chat": {"source": "irc", "channel": "somebody"},
    }
    return BotConfig(**{**common, **settings})


def wanted(settings: BotConfig, letters: Path | None = None) -> EndpointOptions:
    return endpoint_options(settings, OWN, PEER.public, WallClock(), letters)


def places(options: EndpointOptions) -> list[str]:
    assert options["meeting"] is not None
    board = options["meeting"](lambda kind, body: None)
    assert isinstance(board, Board)
    return [report.name for report in board.reports()]


def test_unless_they_are_switched_on_nothing_is_looked_for(tmp_path: Path) -> None:
    options = wanted(config(), tmp_path)
    assert options["relays"] == (RELAY,)
    assert options["direct"] is None
    assert options["meeting"] is None


def test_what_stands_under_direct_is_what_the_links_get() -> None:
    direct = {
        "enabled": True,
        "stun": ["stun.example.org:3478"],
        "ports": "47000-47010",
        "port_mapping": False,
        "birthday": True,
    }
    options = wanted(config(direct=direct))["direct"]
    assert options is not None
    assert options.stun == (("stun.example.org", 3_478),)
    assert options.ports == (47_000, 47_010)
    assert not options.router
    assert options.birthday
    assert not options.hosts


def test_every_place_that_is_named_is_one_and_so_is_the_folder_of_people(tmp_path: Path) -> None:
    shared, carried = tmp_path / "shared", tmp_path / "bot.paths"
    meetings = [
        {"kind": "dht", "bootstrap": ["192.0.2.1:6881"]},
        {"kind": "folder", "path": str(shared)},
        {"kind": "web", "url": "https://store.example.org/{hole}.json", "json": True},
    ]
    options = wanted(config(direct={"enabled": True, "rendezvous": meetings}), carried)
    names = places(options)
    assert len(names) == 4
    assert any("DHT" in name for name in names)
    assert any(str(shared) in name for name in names)
    assert any("store.example.org" in name for name in names)
    assert any(str(carried) in name for name in names)


def test_people_alone_are_a_meeting_place(tmp_path: Path) -> None:
    assert len(places(wanted(config(direct={"enabled": True}), tmp_path))) == 1
    assert wanted(config(direct={"enabled": True}))["meeting"] is None


def test_the_wishes_about_paths_are_the_policy() -> None:
    paths = {"forbid": ["direct tcp"], "pin": ["direct udp"], "caps": {"relays": "50 MB"}}
    policy = wanted(config(paths=paths))["policy"]
    assert policy.forbids("direct tcp", "")
    assert policy.pins("direct udp", "")
    assert policy.caps == {"relays": 50_000_000}
