from __future__ import annotations

import pytest

from tunnel.policy import Kind, PathPolicy, names

URL = "wss://relay.example.org"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ([], []),
        (["relays"], ["relay"]),
        (["direct"], ["direct udp", "direct tcp"]),
        (["direct udp"], ["direct udp"]),
        (["direct tcp"], ["direct tcp"]),
        (["relays", "direct tcp"], ["relay", "direct tcp"]),
        ([URL], ["relay"]),
        (["wss://other.example.org"], []),
        (["wss://relay.example.org/"], []),
        (["direct upd", ""], []),
    ],
    ids=["nothing", "relays", "direct", "udp", "tcp", "two kinds", "by its URL", "another relay",
         "a relay is named as it stands in `relays`", "what names nothing"],
)  # fmt: skip
def test_a_path_is_meant_by_its_kind_or_by_its_url(said: list[str], meant: list[Kind]) -> None:
    kinds: tuple[Kind, ...] = ("relay", "direct udp", "direct tcp")
    assert [kind for kind in kinds if PathPolicy(forbid=said).forbids(kind, URL)] == meant
    assert [kind for kind in kinds if PathPolicy(pin=said).pins(kind, URL)] == meant


def test_what_is_pinned_is_not_forbidden_and_the_other_way_round() -> None:
    assert not PathPolicy(pin=["relays"]).forbids("relay", URL)
    assert not PathPolicy(forbid=["relays"]).pins("relay", URL)


def test_only_a_relay_is_called_by_its_url() -> None:
    assert names("relay", URL) == (URL, "relays")
    assert names("direct udp", "udp:") == ("direct udp", "direct")
