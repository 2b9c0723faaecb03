"""The outside of every datagram: twelve clear bytes, then what is sealed.

     0        1        2                 6                          12
     +--------+--------+-----------------+--------------------------+------------ ... ------------+
     |ver|type| flags  | session index   | counter (48 bit)         | body                        |
     +--------+--------+-----------------+--------------------------+------------ ... ------------+

All integers are little-endian. The high four bits of the first byte are the version, 1; a datagram of another
version is dropped. Flags are 0; a datagram with other flags is dropped, so that they can gain a meaning
later.

type       session index                body
1 HELLO    the initiator's own          Noise IK message 1; counter 0
2 WELCOME  the initiator's              Noise IK message 2; counter 0
3 INPUTS   the addressee's              sealed: content and the sender's signature
4 NOTES    the addressee's              sealed: content
5 KNOCK    0                            118 zero bytes; counter 0

A KNOCK is the responder's wish for a HELLO. It is as long as the HELLO it asks for, so that nobody gains by
sending one in somebody else's name.

Sealed means ChaCha20-Poly1305 (RFC 8439) with one key per direction, the counter as nonce (four zero bytes,
then 64 bits little-endian) and these twelve bytes as associated data. No datagram is longer than 1,200 bytes,
which crosses every path without fragments (RFC 9000, section 14).
"""

from __future__ import annotations

import enum
import struct
from typing import Final, NamedTuple

from tunnel.noise import TAG_SIZE

VERSION: Final = 1
HEADER_SIZE: Final = 12
MAX_DATAGRAM: Final = 1200
MAX_COUNTER: Final = 2**48 - 1
SEALED_OVERHEAD: Final = HEADER_SIZE + TAG_SIZE

_LAYOUT: Final = struct.Struct("<BBIHI")  # the counter is its low 16 bits, then its high 32


class DatagramError(Exception):
    """Bytes from the network that are no datagram of ours. Ordinary: counted under `reason` and dropped."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Type(enum.IntEnum):
    """What a datagram is for; see the table above."""

    HELLO = 1
    WELCOME = 2
    INPUTS = 3
    NOTES = 4
    KNOCK = 5


_TYPES: Final = {VERSION << 4 | kind: kind for kind in Type}


class Header(NamedTuple):
    """The twelve clear bytes."""

    type: Type
    session: int
    counter: int

    def pack(self) -> bytes:
        """Raises struct.error if a field does not fit its width: our own mistake."""
        return _LAYOUT.pack(
            VERSION << 4 | self.type, 0, self.session, self.counter & 0xFFFF, self.counter >> 16
        )


def parse_header(datagram: bytes) -> Header:
    """The header of a datagram. Raises DatagramError."""
    if not SEALED_OVERHEAD <= len(datagram) <= MAX_DATAGRAM:
        raise DatagramError("size")
    first, flags, session, low, high = _LAYOUT.unpack_from(datagram)
    kind = _TYPES.get(first)
    if kind is None or flags:
        raise DatagramError("version")
    return Header(kind, session, high << 16 | low)
