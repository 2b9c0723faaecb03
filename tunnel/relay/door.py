"""How many connections there may be, decided before a byte of them is read. Pure.

A connection waits from the moment it is made until its login is done. Those who wait are few by limit, so
that a flood of connections that never log in fills the waiting places and nothing else: members keep theirs.
"""

from __future__ import annotations

import ipaddress
from collections import Counter

from tunnel.relay.settings import RelayLimits


class Door:
    """Counts connections: `knock` for each; if that lets it in, `seat` when it is a member, `leave` once."""

    def __init__(self, limits: RelayLimits) -> None:
        self._limits = limits
        self._waiting_from: Counter[str] = Counter()
        self.connections = 0
        self.waiting = 0
        self.counters: Counter[str] = Counter()

    def knock(self, address: str) -> bool:
        """Whether one more connection from this IP address may come in. Turned away ones are counted."""
        limits = self._limits
        if self.connections >= limits.connections:
            reason = "connections"
        elif self.waiting >= limits.waiting:
            reason = "waiting"
        elif self._waiting_from[origin(address)] >= limits.waiting_per_address:
            reason = "waiting_per_address"
        else:
            self.connections += 1
            self.waiting += 1
            self._waiting_from[origin(address)] += 1
            return True
        self.counters[reason] += 1
        return False

    def seat(self, address: str) -> None:
        """The connection has logged in and waits no longer."""
        self.waiting -= 1
        name = origin(address)
        self._waiting_from[name] -= 1
        if not self._waiting_from[name]:
            del self._waiting_from[name]  # nobody's visit is remembered, so nothing grows

    def leave(self, address: str, *, seated: bool) -> None:
        """The connection is gone."""
        self.connections -= 1
        if not seated:
            self.seat(address)


def origin(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 an IPv6 customer gets; anything else as is."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip), 64), strict=False))
