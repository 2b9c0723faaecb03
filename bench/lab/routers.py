"""Networks, and routers between them: the kernel's own NAT, told to be as bad as those in people's homes."""

from __future__ import annotations

import enum
import itertools
from typing import Final

from bench.lab.machines import Machine, run


class Kind(enum.StrEnum):
    """What a router does, as RFC 4787 would say it, in the old words that everybody knows."""

    FULL_CONE = "full cone"  # one port for all destinations, lets in everybody
    ADDRESS_RESTRICTED = "address-restricted"  # lets in addresses that were called
    PORT_RESTRICTED = "port-restricted"  # lets in addresses and ports that were called
    SYMMETRIC = "symmetric"  # another port for each destination, lets in who was called from it
    NO_UDP = "UDP dropped"
    IPV6_ONLY = "IPv6 only"  # no translation; lets in who was called


class Network:
    """A segment: a bridge on one machine. `prefix` is all of an address but its last number."""

    def __init__(self, machine: Machine, bridge: str, prefix: str) -> None:
        self.machine = machine
        self.prefix = prefix
        self.gateway = f"{prefix}1"
        self._bridge = bridge
        self._numbers = itertools.count(10)
        machine.ip(f"addr add {self.gateway}/{self._length} dev {bridge}")

    @property
    def _length(self) -> int:
        return 64 if ":" in self.prefix else 24

    def plug_in(self, machine: Machine, device: str) -> str:
        """A cable from `device` of a machine. Returns its address here; the gateway is its way out."""
        number = next(self._numbers)
        port = f"p{number}{'s' if ':' in self.prefix else 'f'}"
        here = self.machine.name
        run("ip", "link", "add", device, "netns", machine.name, "type", "veth", "peer", "name", port,
             "netns", here)  # fmt: skip
        self.machine.ip(f"link set {port} master {self._bridge}", f"link set {port} up")
        address = f"{self.prefix}{number}"
        machine.ip(f"addr add {address}/{self._length} dev {device}", f"link set {device} up")
        self.lead_out(machine, device)
        return address

    def renumber(self, machine: Machine, device: str, address: str) -> str:
        """Another address instead of this one, which it returns."""
        machine.ip(f"addr del {address}/{self._length} dev {device}")
        address = f"{self.prefix}{next(self._numbers)}"
        machine.ip(f"addr add {address}/{self._length} dev {device}")
        self.lead_out(machine, device)
        return address

    def lead_out(self, machine: Machine, device: str) -> None:
        """Its default route."""
        machine.ip(f"route replace default via {self.gateway} dev {device}")


class Router:
    """A home router, or a carrier's. `inside` is its own network."""

    def __init__(self, machine: Machine, kind: Kind, above: Network, inside: str) -> None:
        self.kind = kind
        self._machine = machine
        self._above = above
        machine.ip(*bridge("lan"))
        self.inside = Network(machine, "lan", inside)
        if kind is Kind.IPV6_ONLY:
            machine.sysctl("net/ipv6/conf/all/forwarding", 1)
        else:
            machine.sysctl("net/ipv4/ip_forward", 1)
        self.address = above.plug_in(machine, "wan")
        if kind is Kind.IPV6_ONLY:
            above.machine.ip(f"route add {inside}/64 via {self.address}")
        machine.nft(_RULES[kind])

    def reboot(self) -> None:
        """The outer cable is out and in again: the kernel forgets every mapping that leads through it."""
        self._machine.ip("link set wan down")
        if self.kind in (Kind.FULL_CONE, Kind.ADDRESS_RESTRICTED):
            self._machine.nft("flush map ip nat mapped")
        self._machine.ip("link set wan up")
        self._above.lead_out(self._machine, "wan")

    def move(self) -> None:
        """The provider gives it another address; the kernel forgets what it kept for the old one."""
        self.address = self._above.renumber(self._machine, "wan", self.address)

    def block_udp(self) -> None:
        """From now on nothing but TCP passes."""
        self._machine.nft(_BLOCK)

    def unblock_udp(self) -> None:
        """As before."""
        self._machine.nft("delete table inet block")


def bridge(name: str) -> tuple[str, ...]:
    """Commands that make one.

    Left alone it changes its own address whenever it gets a port, and who knew the old one loses it.
    """
    return f"link add {name} address 02:00:00:00:00:01 type bridge", f"link set {name} up"


# A mapping is the inner host's port itself, unless another host has it. Linux filters by address and port
# whatever it translates; to let in more, these remember who sends from which port, and lead newcomers there.
# Like every home router they keep silent about what they do not expect. Without that Linux would note
# the stranger's packet as a conversation with the router itself, and give the host's own answer another port.
_NAT: Final = """
table ip nat {{
  map mapped {{ type {key} : ipv4_addr; flags dynamic, timeout; timeout 1m; }}
  chain out {{ type filter hook forward priority filter
    oifname wan meta l4proto udp update @mapped {{ {learn} : ip saddr }}
  }}
  chain strangers {{ type filter hook input priority filter
    iifname wan ct state new drop
  }}
  chain in {{ type nat hook prerouting priority dstnat
    iifname wan meta l4proto udp dnat to {look} map @mapped
  }}
  chain translate {{ type nat hook postrouting priority srcnat
    oifname wan masquerade
  }}
}}
"""
_PLAIN: Final = """
table ip nat {{
  chain through {{ type filter hook forward priority filter
    {forward}
  }}
  chain strangers {{ type filter hook input priority filter
    iifname wan ct state new drop
  }}
  chain translate {{ type nat hook postrouting priority srcnat
    oifname wan {masquerade}
  }}
}}
"""
_RULES: Final = {
    Kind.FULL_CONE: _NAT.format(key="inet_service", learn="udp sport", look="udp dport"),
    Kind.ADDRESS_RESTRICTED: _NAT.format(
        key="ipv4_addr . inet_service", learn="ip daddr . udp sport", look="ip saddr . udp dport"
    ),
    Kind.PORT_RESTRICTED: _PLAIN.format(forward="", masquerade="masquerade"),
    Kind.SYMMETRIC: _PLAIN.format(forward="", masquerade="masquerade fully-random"),
    Kind.NO_UDP: _PLAIN.format(forward="meta l4proto udp drop", masquerade="masquerade"),
    Kind.IPV6_ONLY: """
table ip6 wall {
  chain through { type filter hook forward priority filter
    iifname wan ct state new drop
  }
}
""",
}
_BLOCK: Final = """
table inet block {
  chain through { type filter hook forward priority -10
    meta l4proto udp drop
  }
}
"""
