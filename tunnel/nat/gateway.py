"""Reads a system's routing table, as far as "who is our router?" goes. Pure; IPv4."""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

# linux/route.h: the route is up, and leads over a gateway.
_USABLE: Final = 0x0001 | 0x0002
_ROW_BYTES: Final = 56  # MIB_IPFORWARDROW: fourteen numbers of 32 bits
_NEXT_HOP: Final = slice(12, 16)  # the fourth, in network order


def from_linux(table: str) -> str | None:
    """The default gateway in the text of /proc/net/route; of several that with the lowest metric."""
    found: list[tuple[int, str]] = []
    for line in table.splitlines()[1:]:
        columns = line.split()
        try:
            destination, gateway, flags = (int(columns[at], 16) for at in (1, 2, 3))
            metric, mask = int(columns[6]), int(columns[7], 16)
            host = str(ipaddress.IPv4Address(struct.pack("=I", gateway)))  # in the machine's own order
        except (IndexError, ValueError, struct.error):
            continue
        if destination == 0 and mask == 0 and flags & _USABLE == _USABLE and gateway:
            found.append((metric, host))
    return min(found)[1] if found else None


def from_windows(row: bytes) -> str | None:
    """The next hop in what GetBestRoute fills in; None if the destination is on our own network."""
    if len(row) < _ROW_BYTES:
        return None
    hop = ipaddress.IPv4Address(row[_NEXT_HOP])
    return None if hop.is_unspecified else str(hop)
