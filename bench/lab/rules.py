"""What the routers of the laboratory do to packets, as text for `nft`. Pure.

A mapping is the inner host's port itself, unless another host has it. Linux filters by address and port
whatever it translates; to let in more, some remember who sends from which port, and lead newcomers there.

Like most home routers they keep silent about what they do not expect. Without a rule for it Linux would note
the stranger's packet as a conversation with the router itself, give the host's own answer another port, and
close a door of TCP with a reset.
"""

from __future__ import annotations

import enum
from typing import Final


class Kind(enum.StrEnum):
    """What a router does, as RFC 4787 would say it, in the old words that everybody knows."""

    FULL_CONE = "full cone"  # one port for all destinations, lets in everybody
    ADDRESS_RESTRICTED = "address-restricted"  # lets in addresses that were called
    PORT_RESTRICTED = "port-restricted"  # lets in addresses and ports that were called
    SYMMETRIC = "symmetric"  # another port for each destination, lets in who was called from it
    NO_UDP = "UDP dropped"
    IPV6_ONLY = "IPv6 only"  # no translation; lets in who was called


class Strangers(enum.Enum):
    """What becomes of a packet that nobody expects."""

    DROP = ("drop",)
    REJECT = ("meta l4proto tcp reject with tcp reset", "reject")  # RST; ICMP "port unreachable"


def router(kind: Kind, strangers: Strangers) -> str:
    """The rules of a whole router."""
    if kind is Kind.IPV6_ONLY:
        return _WALL.format(strangers=_lines(strangers))
    doors, udp = _DOORS.get(kind, ""), "meta l4proto udp drop" if kind is Kind.NO_UDP else ""
    ports = "fully-random" if kind is Kind.SYMMETRIC else ""
    return _NAT.format(doors=doors, udp=udp, ports=ports, strangers=_lines(strangers))


def hairpin(address: str) -> str:
    """Who calls the router's outer address from inside is led to who has the port there (RFC 4787, REQ-9)."""
    return _HAIRPIN.format(address=address)


def cut(address: str) -> str:
    """Nothing passes to that address or from it."""
    return _CUT.format(address=address)


def _lines(strangers: Strangers) -> str:
    return "\n    ".join(f"iifname wan ct state {{ new, invalid }} {end}" for end in strangers.value)


BLOCK_UDP: Final = """
table inet block {
  chain through { type filter hook forward priority -10
    meta l4proto udp drop
  }
}
"""
UNBLOCK_UDP: Final = "delete table inet block"
MEND: Final = "delete table ip cut"
FORGET: Final = "flush map ip nat mapped"
# From one inner network to another only by way of the outer address.
APART: Final = """
table ip apart {
  chain through { type filter hook forward priority filter
    iifname != wan oifname != wan ct mark != 1 drop
  }
}
"""

_NAT: Final = """
table ip nat {{
  {doors}
  chain through {{ type filter hook forward priority filter
    {udp}
  }}
  chain strangers {{ type filter hook input priority filter
    {strangers}
  }}
  chain translate {{ type nat hook postrouting priority srcnat
    oifname wan masquerade {ports}
  }}
}}
"""
_DOOR: Final = """
  map mapped {{ type {key} : ipv4_addr; flags dynamic, timeout; timeout 1m; }}
  chain out {{ type filter hook forward priority filter
    oifname wan meta l4proto udp update @mapped {{ {learn} : ip saddr }}
  }}
  chain in {{ type nat hook prerouting priority dstnat
    iifname wan meta l4proto udp dnat to {look} map @mapped
  }}
"""
_DOORS: Final = {
    Kind.FULL_CONE: _DOOR.format(key="inet_service", learn="udp sport", look="udp dport"),
    Kind.ADDRESS_RESTRICTED: _DOOR.format(
        key="ipv4_addr . inet_service", learn="ip daddr . udp sport", look="ip saddr . udp dport"
    ),
}
_WALL: Final = """
table ip6 wall {{
  chain through {{ type filter hook forward priority filter
    {strangers}
  }}
}}
"""
_CUT: Final = """
table ip cut {{
  chain through {{ type filter hook forward priority -10
    ip daddr {address} drop
    ip saddr {address} drop
  }}
}}
"""
# The mark tells what came this way from what came in at the front. It comes before the router's own chains.
_HAIRPIN: Final = """
table ip hairpin {{
  map known {{ type inet_service : ipv4_addr; flags dynamic, timeout; timeout 1m; }}
  chain out {{ type filter hook forward priority filter
    oifname wan meta l4proto udp update @known {{ udp sport : ip saddr }}
  }}
  chain in {{ type nat hook prerouting priority dstnat - 5
    iifname != wan ip daddr {address} meta l4proto udp ct mark set 1 dnat to udp dport map @known
  }}
  chain back {{ type nat hook postrouting priority srcnat - 5
    ct mark 1 snat to {address}
  }}
}}
"""
