"""A relay's settings for telling others where they come from (STUN): what fits with what. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from config.addresses import split_host_port
from config.base import Misfit


def stun_misfits(listen: str, at: str | None, alternate: str | None, *, stun: bool) -> Iterator[Misfit]:
    """What is wrong about `stun_at` and `stun_alternate` beside the relay's other settings."""
    for name, value in (("stun_at", at), ("stun_alternate", alternate)):
        if value is not None and not stun:
            yield Misfit((name,), "with `stun: false` nothing is answered; leave one of the two out")
    if at is not None and not _is_told(split_host_port(at)[0]):
        yield Misfit(("stun_at",), "members cannot ask there; wanted an address, or a name with a dot in it")
    if alternate is not None and (slip := _alternate_slip(listen, alternate)):
        yield Misfit(("stun_alternate",), slip, ("listen",))


def _is_told(host: str) -> bool:
    """Whether members believe it: the tunnel refuses what some systems take for an address too."""
    if (ip := _address(host)) is not None:
        return not ip.is_unspecified
    last = host.lower().rstrip(".").rpartition(".")
    return bool(last[0]) and not re.fullmatch("[0-9]+|0x[0-9a-f]*", last[2])


def _alternate_slip(listen: str, alternate: str) -> str | None:
    """RFC 5780, 6: two addresses and two ports, of one machine, in all four combinations."""
    (host, port), (other_host, other_port) = split_host_port(listen), split_host_port(alternate)
    ip, other = _address(host), _address(other_host)
    if other is None or other.is_unspecified:
        return "wanted one address of this machine, and no name"
    if ip is None or ip.is_unspecified or port == 0:
        return "then `listen` has to be one address of this machine too, and a port that is not 0"
    if ip.version != other.version:
        return "wanted an address of the same version of IP as that of `listen`"
    if ip == other or port == other_port:
        return "wanted another address and another port than those of `listen`"
    return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
