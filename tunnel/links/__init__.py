"""The transports a path can be made of. A new one is a new file here and one line below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tunnel.identity import Identity
from tunnel.links.link import Link
from tunnel.links.relay import RelayLink
from tunnel.wallclock import WallClock


def open_link(
    url: str,
    identity: Identity,
    room_name: Callable[[str, int], bytes],
    clock: WallClock,
    tls_ca: Path | None,
) -> Link:
    """The link for a URL, not yet running. Raises ValueError for a scheme nobody here speaks."""
    if url.startswith(("ws://", "wss://")):
        return RelayLink(url, identity, room_name, clock, tls_ca)
    raise ValueError(f"{url} is no relay: its address begins with ws:// or wss://")
