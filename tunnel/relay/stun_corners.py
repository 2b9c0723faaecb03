"""The four places at which a server with two addresses answers (RFC 5780, 6): each address, each port. Pure.

                     first port      second port
    first address      first             *
    second address       *             second

Whoever asks at one corner is told the opposite one as OTHER-ADDRESS.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunnel.nat.stun import Address


@dataclass(frozen=True, slots=True)
class Corners:
    """Two opposite ones. ValueError unless both their addresses and their ports differ, and IP does not."""

    first: Address
    second: Address

    def __post_init__(self) -> None:
        (host, port), (other_host, other_port) = self.first, self.second
        if host == other_host or port == other_port or (":" in host) != (":" in other_host):
            raise ValueError("two addresses of one version of IP and two ports make four corners")

    @property
    def all(self) -> tuple[Address, Address, Address, Address]:
        (host, port), (other_host, other_port) = self.first, self.second
        return (self.first, self.second, (host, other_port), (other_host, port))

    def opposite(self, at: Address) -> Address:
        """The corner with the other address and the other port."""
        return self.changed(at, ip=True, port=True)

    def changed(self, at: Address, *, ip: bool, port: bool) -> Address:
        """Where an answer to a question at this corner comes from, if it is to come from elsewhere."""
        others = {self.first[0]: self.second[0], self.second[0]: self.first[0]}
        other_ports = {self.first[1]: self.second[1], self.second[1]: self.first[1]}
        return (others[at[0]] if ip else at[0], other_ports[at[1]] if port else at[1])
