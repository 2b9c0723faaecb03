"""What the system knows: our own addresses, and those of the servers to ask."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final, NamedTuple

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from tunnel.nat import stun
from tunnel.nat.candidates import is_ipv6
from tunnel.nat.stun import Address

# Reserved for documentation (RFC 5737, RFC 3849), so never one of ours. Connecting a UDP socket sends
# nothing: it only makes the system choose the address it would send from.
_FAR_AWAY: Final = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
_DEADLINE_S: Final = 2.0


class Foreign(NamedTuple):
    """A place that somebody out in the world has named: it has no business in our own network."""

    host: str
    port: int


async def own_hosts() -> tuple[str, ...]:
    """This machine's addresses: those it sends from first, then those its name stands for. Never raises."""
    return tuple(dict.fromkeys((*routed_hosts(), *await named_hosts())))


def routed_hosts() -> tuple[str, ...]:
    """The addresses this machine sends from, known at once. Never raises."""
    found = [_source(family, host) for family, host in _FAR_AWAY]
    return tuple(host for host in found if host is not None)


async def named_hosts() -> tuple[str, ...]:
    """The addresses this machine's name stands for; where the network does not know it, that takes two
    seconds. Never raises.
    """
    return tuple(dict.fromkeys(host for host, _ in await _look_up(socket.gethostname(), 1)))


async def resolve(places: Iterable[tuple[str, int]]) -> tuple[Address, ...]:
    """The addresses of servers named HOST and PORT, in order; those that cannot be found are left out, and of
    Foreign ones those that are not global.

    The first address of each version of IP comes before the second of any: a name with many is one server.
    """
    found = await asyncio.gather(*[_addresses(place) for place in places])
    ranked: list[tuple[int, Address]] = []
    for addresses in found:
        counts = {False: 0, True: 0}
        for address in dict.fromkeys(addresses):
            ranked.append((counts[is_ipv6(address)], address))
            counts[is_ipv6(address)] += 1
    return tuple(dict.fromkeys(address for _, address in sorted(ranked, key=lambda each: each[0])))


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


async def _addresses(place: tuple[str, int]) -> list[Address]:
    found = await _look_up(*place)
    return [address for address in found if _is_global(address)] if isinstance(place, Foreign) else found


def _is_global(address: Address) -> bool:
    ip = ipaddress.ip_address(address[0].partition("%")[0])
    return ip.is_global and not ip.is_multicast


async def _look_up(host: str, port: int) -> list[Address]:
    try:
        async with asyncio.timeout(_DEADLINE_S):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return [stun.address(str(place[0]), int(place[1])) for *_, place in found]
