"""PCP (RFC 6887), the MAP request alone: asks a newer router for a port. Pure.

    request  2 | 1 | 0 0 | lifetime in s (32) | our own address (128)
    answer   2 | 128 + 1 | 0 | result (8) | lifetime in s (32) | epoch in s (32) | 96 zero bits
    both     nonce (96) | 17 UDP, 6 TCP | 0 0 0 | internal, external port (16 each) | external address (128)

IPv4 addresses are written as IPv6 ones (::ffff:192.0.2.1). A lifetime of 0 takes a mapping back; only the
nonce that made a mapping changes it.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

from tunnel.nat.portmap_message import Answer, Outcome, PortmapError, Transport

VERSION: Final = 2
NONCE: Final = 12
LONGEST: Final = 1_100  # RFC 6887, 7
_MAP_OPCODE: Final = 1


def map_request(
    transport: Transport, own: str, internal: int, external: int, lifetime_s: int, nonce: bytes
) -> bytes:
    """Asks for `external`, if the router likes that one; 0: any.

    own  our address as the router should see us: it refuses if there is a NAT between us and itself
    """
    if len(nonce) != NONCE:
        raise ValueError(f"a nonce has {NONCE} bytes, not {len(nonce)}")
    address = ipaddress.ip_address(own)
    head = _REQUEST.pack(VERSION, _MAP_OPCODE, lifetime_s, _as_ipv6(own))
    any_address = bytes(16) if address.version == 6 else _as_ipv6("0.0.0.0")
    return head + _MAP.pack(nonce, transport.value, internal, external, any_address)


def parse(data: bytes) -> Answer:
    """An answer to a MAP request, or that there is no such version. Raises PortmapError."""
    if not _ANSWER.size <= len(data) <= LONGEST or len(data) % 4:
        raise PortmapError(f"{len(data)} bytes are no PCP answer")
    version, opcode, result, lifetime, epoch = _ANSWER.unpack_from(data)
    if opcode < 128 or version != VERSION:
        raise PortmapError("not a PCP answer of version 2")
    outcome = _OUTCOMES.get(result, Outcome.FAILED)
    if len(data) < _ANSWER.size + _MAP.size or opcode != 128 + _MAP_OPCODE:
        if outcome is Outcome.OK:
            raise PortmapError("an answer to nothing that we ask")
        return Answer(outcome=outcome, epoch_s=epoch)
    nonce, protocol, internal, external, address = _MAP.unpack_from(data, _ANSWER.size)
    if protocol not in _PROTOCOLS:
        raise PortmapError(f"a mapping for IP protocol {protocol}")
    outer = ipaddress.IPv6Address(address)
    return Answer(
        outcome=outcome,
        epoch_s=epoch,
        transport=Transport(protocol),
        internal=internal,
        external=external,
        lifetime_s=lifetime,
        address=str(outer.ipv4_mapped or outer),
        nonce=nonce,
    )


def _as_ipv6(address: str) -> bytes:
    ip = ipaddress.ip_address(address)
    return ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed


_REQUEST: Final = struct.Struct(">BBxxI16s")
_ANSWER: Final = struct.Struct(">BBxBII12x")
_MAP: Final = struct.Struct(">12sB3xHH16s")
_PROTOCOLS: Final = frozenset(transport.value for transport in Transport)
# RFC 6887, 7.4
_OUTCOMES: Final = {
    0: Outcome.OK,
    1: Outcome.OTHER_VERSION,
    2: Outcome.REFUSED,
    7: Outcome.NO_NETWORK,
    8: Outcome.FULL,
    10: Outcome.FULL,
    12: Outcome.BEHIND_ANOTHER,
}
