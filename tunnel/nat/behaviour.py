"""What a NAT does, in the terms of RFC 4787 and RFC 5780, and what that means for two people. Pure.

    mapping    which of our destinations see us at the same address and port
    filtering  which strangers get through to that address once we have sent something from it

A firewall without a NAT maps nothing and filters all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tunnel.nat.stun import Address


class MappingKind(Enum):
    """Who sees us at the same address. The first is what direct paths like."""

    UNKNOWN = "unknown"
    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"
    # Servers with one address each show that destinations differ, not whether their port makes them differ.
    DEPENDENT = "address-dependent or address-and-port-dependent"


class FilteringKind(Enum):
    """Who gets in. Only a server with two addresses can tell."""

    UNKNOWN = "unknown"
    ENDPOINT_INDEPENDENT = "endpoint-independent"
    ADDRESS_DEPENDENT = "address-dependent"
    ADDRESS_AND_PORT_DEPENDENT = "address-and-port-dependent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What was found out about the way from one socket to the world, for one version of IP. None: not known.

    udp         whether any server answered over UDP
    nat         whether we are seen at an address that is not our own
    hairpins    whether two sockets behind the same NAT reach each other at their outer addresses
    keeps_port  whether the outer port is our own, everywhere
    seen        the addresses we were seen at, each once
    """

    udp: bool = False
    nat: bool | None = None
    mapping: MappingKind = MappingKind.UNKNOWN
    filtering: FilteringKind = FilteringKind.UNKNOWN
    hairpins: bool | None = None
    keeps_port: bool | None = None
    seen: tuple[Address, ...] = ()


def mapping_kind(seen_from: Mapping[Address, Address], *, nat: bool) -> MappingKind:
    """The kind that explains where each destination saw us."""
    if not nat and seen_from:
        return MappingKind.ENDPOINT_INDEPENDENT
    hosts = {host for host, _ in seen_from}
    compared_ports = len(hosts) < len(seen_from)
    if len(set(seen_from.values())) == 1:
        return MappingKind.ENDPOINT_INDEPENDENT if len(hosts) > 1 else MappingKind.UNKNOWN
    if any(len(_seen_by(seen_from, host)) > 1 for host in hosts):
        return MappingKind.ADDRESS_AND_PORT_DEPENDENT
    if not seen_from:
        return MappingKind.UNKNOWN
    return MappingKind.ADDRESS_DEPENDENT if compared_ports else MappingKind.DEPENDENT


def can_meet(one: Behaviour, other: Behaviour) -> bool | None:
    """Whether hole punching over UDP can join these two, knowing nothing but this; None: not known.

    Each sends to where the other was seen. One of them must really be there for everybody, and must let in
    what the other sends, which comes from a port nobody has seen if the other's mapping depends on us.
    """
    if not (one.udp and other.udp):
        return False
    ways = (_is_let_in(one, other), _is_let_in(other, one))
    if True in ways:
        return True
    return None if None in ways else False


def sentence(behaviour: Behaviour) -> str:
    """What this means for a direct path, for a person who knows nothing of NATs."""
    if not behaviour.udp:
        return (
            "No server answered over UDP: this network seems to block it, so only TCP or the relays can work."
        )
    if behaviour.nat is False:
        return _WITHOUT_NAT[behaviour.filtering]
    if behaviour.mapping is MappingKind.UNKNOWN:
        return "This machine is behind a router; with one server that answers, no more can be told."
    if behaviour.mapping is MappingKind.ENDPOINT_INDEPENDENT:
        return _EASY[behaviour.filtering]
    return _HARD


_HARD: Final = (
    "Your router gives every destination its own port: a direct path is only possible if the other side's "
    "router lets unknown ports in, or if one of the two opens a port (UPnP, NAT-PMP or by hand)."
)
_FIREWALL: Final = (
    "This machine has a public address behind a firewall that lets answers in; a direct path is likely."
)
_WITHOUT_NAT: Final = {
    FilteringKind.UNKNOWN: "This machine has a public address; a direct path is likely.",
    FilteringKind.ENDPOINT_INDEPENDENT: "This machine can be reached from anywhere; a direct path will work.",
    FilteringKind.ADDRESS_DEPENDENT: _FIREWALL,
    FilteringKind.ADDRESS_AND_PORT_DEPENDENT: _FIREWALL,
}
_EASY: Final = {
    FilteringKind.UNKNOWN: "Your router keeps one port for all destinations; a direct path is likely.",
    FilteringKind.ENDPOINT_INDEPENDENT: (
        "Your router keeps one port and lets everybody in; a direct path works with any other side."
    ),
    FilteringKind.ADDRESS_DEPENDENT: (
        "Your router keeps one port for all destinations; a direct path works with almost any other side."
    ),
    FilteringKind.ADDRESS_AND_PORT_DEPENDENT: (
        "Your router keeps one port for all destinations; a direct path works unless the other side's router "
        "gives every destination its own port."
    ),
}


def _seen_by(seen_from: Mapping[Address, Address], host: str) -> set[Address]:
    return {seen for destination, seen in seen_from.items() if destination[0] == host}


def _is_let_in(guest: Behaviour, house: Behaviour) -> bool | None:
    """Whether what `guest` sends to where `house` was seen arrives, once `house` has sent there too."""
    lets_in_other_ports = (
        None
        if house.filtering is FilteringKind.UNKNOWN
        else house.filtering is not FilteringKind.ADDRESS_AND_PORT_DEPENDENT
    )
    return _both(_is_fixed(house), _either(_is_fixed(guest), lets_in_other_ports))


def _is_fixed(behaviour: Behaviour) -> bool | None:
    """Whether it is for everybody where the servers saw it."""
    if behaviour.mapping is MappingKind.UNKNOWN:
        return None
    return behaviour.mapping is MappingKind.ENDPOINT_INDEPENDENT


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if one is None or other is None else False
