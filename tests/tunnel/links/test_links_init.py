"""Which link a URL becomes."""

from __future__ import annotations

import pytest

from tunnel.identity import Identity
from tunnel.links import open_link
from tunnel.links.link import Link
from tunnel.links.relay import RelayLink
from tunnel.wallclock import WallClock


def opened(url: str) -> Link:
    return open_link(url, Identity.create(), lambda relay, day: bytes(16), WallClock(), None)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1", "wss://relay.example:443/some/path"])
def test_a_websocket_address_is_a_relay_that_does_not_run_yet(url: str) -> None:
    link = opened(url)
    assert isinstance(link, RelayLink)
    assert link.name == url


@pytest.mark.parametrize("url", ["", "relay.example", "https://relay.example", "udp://127.0.0.1:1", "WS"])
def test_an_address_nobody_here_speaks_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(ValueError, match="begins with ws:// or wss://"):
        opened(url)
