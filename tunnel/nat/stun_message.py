"""What a STUN Binding message says: its kinds, its attributes' numbers, its fields. Pure vocabulary."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

Address = tuple[str, int]  # ("192.0.2.1", 3478) or ("2001:db8::1", 3478), as `address` spells it

COOKIE: Final = 0x2112A442


class StunError(ValueError):
    """These bytes are no STUN Binding message that we understand."""


class Kind(IntEnum):
    """The class of a message, as the two bits stand in the type of the method Binding."""

    REQUEST = 0x0001
    INDICATION = 0x0011
    SUCCESS = 0x0101
    ERROR = 0x0111


class Attribute(IntEnum):
    """The registered numbers. Below 0x8000 whoever does not know one must not act on the message."""

    MAPPED_ADDRESS = 0x0001
    CHANGE_REQUEST = 0x0003
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    REALM = 0x0014
    NONCE = 0x0015
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    PADDING = 0x0026
    RESPONSE_PORT = 0x0027
    SOFTWARE = 0x8022
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A
    RESPONSE_ORIGIN = 0x802B
    OTHER_ADDRESS = 0x802C


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. What is None, False or empty is not in it.

    unknown  types of attributes in a parsed message that we must understand but do not; `build` ignores them
    refused  the same as the other side tells us (UNKNOWN-ATTRIBUTES, with error 420)
    padding  bytes of PADDING: asks an RFC 5780 server for an answer as long as the path takes. Not the way
             to make a request long; that is `length` of `build`
    signed   a parsed message has MESSAGE-INTEGRITY. It proves nothing before `verify`; `build` ignores it
    """

    kind: Kind
    transaction: bytes
    mapped: Address | None = None
    xor_mapped: Address | None = None
    username: str | None = None
    error: tuple[int, str] | None = None
    priority: int | None = None
    use_candidate: bool = False
    controlling: int | None = None
    controlled: int | None = None
    software: str | None = None
    response_origin: Address | None = None
    other_address: Address | None = None
    change_ip: bool = False
    change_port: bool = False
    response_port: int | None = None
    padding: int = 0
    refused: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    signed: bool = False


def address(host: str, port: int) -> Address:
    """The one spelling of an address: no scope, IPv4 as IPv4, IPv6 compressed. ValueError if it is none."""
    ip = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not 0 <= port <= 0xFFFF:
        raise ValueError(f"a port is 0 to 65535, not {port}")
    return str(ip), port
