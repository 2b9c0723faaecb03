"""Whom a direct link asks how the world sees it: the relays, at the places they name, and named servers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from tunnel.links.places import Foreign
from tunnel.nat.gathering import MAX_SERVERS
from tunnel.relay.stun_told import is_public

Place = tuple[str, int]  # a host's name or address, and a port
Places = tuple[Place, ...]

NOBODY: Final[Mapping[str, Places]] = {}


class StunServers:
    """The servers for one transport.

    relays  by URL: where that relay is believed to answer until it says so itself
    named   what the streamer has named
    """

    def __init__(self, relays: Mapping[str, Places] = NOBODY, named: Sequence[Place] = ()) -> None:
        self._relays = dict(relays)
        self._named = tuple(named)
        self._news = asyncio.Event()

    @property
    def places(self) -> Places:
        """In order of asking. Few are asked (tunnel/nat/gathering.py): relays first, and among those few at
        least one that was named.
        """
        relays = tuple(dict.fromkeys(place for places in self._relays.values() for place in places))
        return (*relays[: MAX_SERVERS - 1], *self._named, *relays[MAX_SERVERS - 1 :])

    def told(self, url: str, places: Places | None) -> None:
        """The relay says where it answers; None: it says nothing of it.

        A relay out in the world may name a host of its own, and then let that name lead into our network. So
        only global addresses of what it names count.
        """
        if places is not None and self._relays.get(url) != places:
            foreign = _is_out_in_the_world(url)
            self._relays[url] = tuple(Foreign(*place) for place in places) if foreign else places
            self._news.set()

    async def wait(self, patience_s: float) -> None:
        """Until a relay says something new, or so long. One waits at a time."""
        try:
            async with asyncio.timeout(patience_s):
                await self._news.wait()
        except TimeoutError:
            pass  # nobody said anything
        self._news.clear()


def _is_out_in_the_world(url: str) -> bool:
    """Judged by what the URL says and not by a look-up: the answers to that are the relay's own to give."""
    try:
        return is_public(parse_uri(url).host.lower())
    except InvalidURI:
        return True
