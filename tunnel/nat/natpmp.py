"""NAT-PMP (RFC 6886): asks an older router for its outer address and for a port. Pure.

    request: address   0 | 0
    request: a port    0 | 1 UDP, 2 TCP | 0 0 | internal, external port (16 bits each) | lifetime in s (32)
    answer             0 | 128 + the same | result (16) | epoch in s (32) | address (32)
                       0 | 128 + the same | result (16) | epoch in s (32) | internal, external | lifetime

A lifetime of 0 takes a mapping back. An answer with a result other than 0 may end after the epoch.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

from tunnel.nat.portmap_message import Answer, Outcome, PortmapError, Transport

VERSION: Final = 0
ADDRESS_REQUEST: Final = bytes(2)


def map_request(transport: Transport, internal: int, external: int, lifetime_s: int) -> bytes:
    """Asks for `external`, if the router likes that one; 0: any."""
    return _MAP.pack(VERSION, _OPCODES[transport], internal, external, lifetime_s)


def parse(data: bytes) -> Answer:
    """An answer. Raises PortmapError."""
    if len(data) < _HEAD.size:
        raise PortmapError(f"{len(data)} bytes are no NAT-PMP answer")
    version, opcode, result, epoch = _HEAD.unpack_from(data)
    if version != VERSION or opcode < 128:
        raise PortmapError("not a NAT-PMP answer")
    outcome = _OUTCOMES.get(result, Outcome.FAILED)
    transport = _TRANSPORTS.get(opcode - 128)
    if outcome is not Outcome.OK:
        internal = int.from_bytes(data[8:10], "big")  # 0 if the answer is too short to say
        return Answer(outcome=outcome, epoch_s=epoch, transport=transport, internal=internal)
    if opcode == 128 and len(data) == 12:
        return Answer(outcome=outcome, epoch_s=epoch, address=str(ipaddress.IPv4Address(data[8:])))
    if transport is None or len(data) != 16:
        raise PortmapError("an answer to nothing that we ask")
    internal, external, lifetime = _MAPPED.unpack_from(data, _HEAD.size)
    return Answer(
        outcome=outcome,
        epoch_s=epoch,
        transport=transport,
        internal=internal,
        external=external,
        lifetime_s=lifetime,
    )


_MAP: Final = struct.Struct(">BBxxHHI")
_HEAD: Final = struct.Struct(">BBHI")
_MAPPED: Final = struct.Struct(">HHI")
_OPCODES: Final = {Transport.UDP: 1, Transport.TCP: 2}
_TRANSPORTS: Final = {opcode: transport for transport, opcode in _OPCODES.items()}
# RFC 6886, 3.5
_OUTCOMES: Final = {
    0: Outcome.OK,
    1: Outcome.OTHER_VERSION,
    2: Outcome.REFUSED,
    3: Outcome.NO_NETWORK,
    4: Outcome.FULL,
}
