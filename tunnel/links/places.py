"""What the system knows: our own addresses, and those of the servers to ask."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Final

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from tunnel.nat import stun
from tunnel.nat.stun import Address

# Reserved for documentation (RFC 5737, RFC 3849), so never one of ours. Connecting a UDP socket sends
# nothing: it only makes the system choose the address it would send from.
_FAR_AWAY: Final = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
_DEADLINE_S: Final = 2.0


async def own_hosts() -> tuple[str, ...]:
    """This machine's addresses: those it sends from first, then those its name stands for. Never raises."""
    found = [_source(family, host) for family, host in _FAR_AWAY]
    found += [host for host, _ in await _look_up(socket.gethostname(), 1)]
    return tuple(dict.fromkeys(host for host in found if host is not None))


async def resolve(places: Iterable[tuple[str, int]]) -> tuple[Address, ...]:
    """The UDP addresses of servers named HOST and PORT, in order; those that cannot be found are left out."""
    found = await asyncio.gather(*[_look_up(host, port) for host, port in places])
    return tuple(dict.fromkeys(address for addresses in found for address in addresses))


def relay_places(urls: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Host and port of each relay: where it answers STUN too."""
    places = []
    for url in urls:
        try:
            uri = parse_uri(url)
        except InvalidURI:
            continue  # its own link says so
        places.append((uri.host, uri.port))
    return tuple(places)


def _source(family: socket.AddressFamily, host: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((host, 9))
            return stun.address(*sock.getsockname()[:2])[0]
    except OSError:
        return None  # no route, or no such version of IP here


async def _look_up(host: str, port: int) -> list[Address]:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [stun.address(str(place[0]), int(place[1])) for *_, place in found]
