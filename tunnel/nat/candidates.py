"""Addresses at which an end may be reached: where each comes from, which comes first, how they are packed.

     0              1        3                    7 or 19
     +------+------+---------+--------------------+
     | kind |  ip  | port    | IPv4 or IPv6       |      little-endian port, network order address
     +------+------+---------+--------------------+
       4 bit  4 bit: 4 or 6

A list of candidates is somebody's claim. Whatever it names gets a few small checks and nothing else until it
has answered one (tunnel/nat/pairs.py), and addresses that cannot be one other machine get not even that.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable
from typing import Final, NamedTuple

from tunnel.nat.stun import Address

# RFC 8445 advises a limit of 100 pairs. An end has a few addresses, one more through its router and one or
# two as the servers see it; sixteen leave room for a machine with many networks.
MAX_CANDIDATES: Final = 16


class CandidateError(ValueError):
    """Bytes that are no list of candidates."""


class Kind(enum.IntEnum):
    """Where a candidate comes from (RFC 8445, 5.1.1). The numbers are on the wire."""

    HOST = 0  # an own address
    REFLEXIVE = 1  # as a STUN server sees us
    MAPPED = 2  # the router was asked to keep it open
    PEER = 3  # seen as the source of a check; learned, never offered


class Candidate(NamedTuple):
    """One address, and where it comes from."""

    kind: Kind
    address: Address


# RFC 8445, 5.1.2.2. It does not know mappings: they are reflexive ones that are known to stay open.
_PREFERENCE: Final = {Kind.HOST: 126, Kind.PEER: 110, Kind.MAPPED: 105, Kind.REFLEXIVE: 100}
_OFFERED: Final = frozenset((Kind.HOST, Kind.REFLEXIVE, Kind.MAPPED))


def priority(kind: Kind, address: Address) -> int:
    """RFC 8445, 5.1.2.1; more is better. Among equals IPv6 comes first: nothing translates it."""
    local = 65_535 if is_ipv6(address) else 32_767
    return _PREFERENCE[kind] << 24 | local << 8 | 255


def best_first(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """At most sixteen different addresses, those to be tried first in front; of one address the best kind.

    Own addresses come first, and a machine may have many; half of the room is kept for how others see it.
    """
    best: dict[Address, Candidate] = {}
    for candidate in sorted(candidates, key=lambda each: -priority(*each)):
        best.setdefault(candidate.address, candidate)
    own = [each for each in best.values() if each.kind is Kind.HOST]
    learned = [each for each in best.values() if each.kind is not Kind.HOST]
    learned = learned[: max(MAX_CANDIDATES // 2, MAX_CANDIDATES - len(own))]
    return (*own[: MAX_CANDIDATES - len(learned)], *learned)


def is_ipv6(address: Address) -> bool:
    """Of the two versions of IP, which."""
    return ":" in address[0]


def is_plausible(address: Address, *, loopback: bool = False) -> bool:
    """Whether this can be one machine elsewhere: no group, no broadcast, no port 0, nothing of this machine.

    loopback  this machine's own addresses are fine too: both ends are on it, and said so
    """
    ip = ipaddress.ip_address(address[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped is not None or ip.scope_id):
        return False
    if ip.is_loopback:
        return loopback and address[1] > 0
    if isinstance(ip, ipaddress.IPv4Address) and ip in _FUTURE_IPV4:
        return False
    return address[1] > 0 and not (ip.is_multicast or ip.is_unspecified or ip.is_link_local)


_FUTURE_IPV4: Final = ipaddress.IPv4Network("240.0.0.0/4")  # the broadcast address is its last


def pack(candidates: Iterable[Candidate]) -> bytes:
    """As drawn above, one after another. ValueError if there are more than sixteen."""
    packed = [
        bytes((kind << 4 | (6 if is_ipv6(address) else 4),))
        + address[1].to_bytes(2, "little")
        + ipaddress.ip_address(address[0]).packed
        for kind, address in candidates
    ]
    if len(packed) > MAX_CANDIDATES:
        raise ValueError(f"{len(packed)} candidates; an offer has at most {MAX_CANDIDATES}")
    return b"".join(packed)


def unpack(data: bytes, count: int) -> tuple[Candidate, ...]:
    """The first `count` candidates in `data`, plausible or not. Raises CandidateError."""
    if count > MAX_CANDIDATES:
        raise CandidateError("too many")
    found = []
    at = 0
    for _ in range(count):
        head = data[at : at + 3]
        size = _SIZES.get(head[0] & 15, 0) if len(head) == 3 else 0
        packed = data[at + 3 : at + 3 + size]
        if not size or len(packed) != size or head[0] >> 4 not in _OFFERED:
            raise CandidateError("no candidate")
        address = str(ipaddress.ip_address(packed)), int.from_bytes(head[1:], "little")
        found.append(Candidate(Kind(head[0] >> 4), address))
        at += 3 + size
    return tuple(found)


_SIZES: Final = {4: 4, 6: 16}
