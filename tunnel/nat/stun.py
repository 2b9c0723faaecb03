"""STUN Binding messages (RFC 8489), with what NAT discovery (RFC 5780) and ICE (RFC 8445) add. Pure.

     0                   1                   2                   3
    |0 0|     message type          |            length             |   type: method Binding (1) and class
    |                    magic cookie 0x2112A442                    |
    |                     transaction, 96 bits                      |
    | attribute type                | length of the value           |   any number of times; the value is
    | value ... padded to a multiple of four                        |   padded, its length does not say so

MESSAGE-INTEGRITY is HMAC-SHA1 over everything before it, with the header's length reaching to its own end.
FINGERPRINT is a CRC-32 over everything before it and always comes last. What stands between the two is
protected by nothing and therefore not read.
"""

from __future__ import annotations

import hmac
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from tunnel.nat.stun_attributes import decode, encode
from tunnel.nat.stun_message import COOKIE, Address, Attribute, Kind, Message, StunError, address

__all__ = [
    "HEADER", "LONGEST", "TRANSACTION", "Address", "Attribute", "Kind", "Message", "StunError",
    "address", "build", "is_stun", "parse", "verify",
]  # fmt: skip

HEADER: Final = 20
TRANSACTION: Final = 12
# RFC 8489, 6.1: what any IPv6 path carries when nothing is known about it. A longer one is not from us.
LONGEST: Final = 1_280


def is_stun(data: bytes) -> bool:
    """Whether this can only be a Binding message: our own datagrams begin with 0x11 or more."""
    return len(data) >= HEADER and data[0] <= 1 and not data[3] & 3 and data[4:8] == _COOKIE_BYTES


def parse(data: bytes) -> Message:
    """The message in these bytes, not authenticated. Raises StunError.

    Of an attribute that comes twice the first counts (RFC 8489, 14). A FINGERPRINT that is there is right.
    """
    kind, transaction = _parse_header(data)
    found: dict[str, Any] = {}
    unknown: list[int] = []
    signed = False
    for number, start, value in _attributes(data):
        if number == Attribute.FINGERPRINT:
            _check_fingerprint(data, start, value)
        elif signed:
            continue
        elif number == Attribute.MESSAGE_INTEGRITY:
            signed = True
        elif (said := decode(number, value, transaction)) is not None:
            found = {**said, **found}
        elif number < 0x8000 and number not in _IGNORED:
            unknown.append(number)
    return Message(kind=kind, transaction=transaction, unknown=tuple(unknown), signed=signed, **found)


def verify(data: bytes, key: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY is there and made with `key`: any bytes, in the same time right or wrong."""
    try:
        _parse_header(data)
        for number, start, value in _attributes(data):
            if number == Attribute.MESSAGE_INTEGRITY:
                return hmac.compare_digest(_integrity(data[:start], key), value)
    except StunError:
        pass
    return False


def build(message: Message, key: bytes | None = None, *, fingerprint: bool = True, length: int = 0) -> bytes:
    """The bytes of a message, signed if there is a key. ValueError if it cannot be said in STUN.

    length  makes it at least so long, at most LONGEST. The filler is SOFTWARE: PADDING must be understood,
            so plain servers refuse it with 420, and those that know it answer with as much of their own
    """
    if len(message.transaction) != TRANSACTION:
        raise ValueError(f"a transaction has {TRANSACTION} bytes, not {len(message.transaction)}")
    body = b"".join(_attribute(number, value) for number, value in encode(message))
    tail = (24 if key is not None else 0) + (8 if fingerprint else 0)
    body += _filler(length - HEADER - len(body) - tail)
    data = _header(message.kind, len(body), message.transaction) + body
    if key is not None:
        data += _attribute(Attribute.MESSAGE_INTEGRITY, _integrity(data, key))
        data = _with_length(data, len(data) - HEADER)
    if fingerprint:
        data = _with_length(data, len(data) - HEADER + 8)
        data += _attribute(Attribute.FINGERPRINT, _fingerprint(data))
    if len(data) > LONGEST:
        raise ValueError(f"a message of {len(data)} bytes; the longest is {LONGEST}")
    return data


_COOKIE_BYTES: Final = COOKIE.to_bytes(4, "big")
_HEADER: Final = struct.Struct(">HHI12s")
_TLV: Final = struct.Struct(">HH")
_FINGERPRINT_MASK: Final = 0x5354554E  # RFC 8489, 14.7: no other protocol's CRC-32 looks like ours
_KINDS: Final = frozenset(Kind)
# Parts of RFC 8489's other credentials. Who asks only for an address is not refused for bringing some.
_IGNORED: Final = frozenset({Attribute.REALM, Attribute.NONCE, Attribute.MESSAGE_INTEGRITY_SHA256})
# RFC 8489, 14.14: SOFTWARE has fewer than 128 characters.
_LONGEST_FILLER: Final = 124


def _parse_header(data: bytes) -> tuple[Kind, bytes]:
    if not HEADER <= len(data) <= LONGEST:
        raise StunError(f"{len(data)} bytes; a message has {HEADER} to {LONGEST}")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if cookie != COOKIE:
        raise StunError("no magic cookie")
    if kind not in _KINDS:
        raise StunError(f"not a Binding message: type 0x{kind:04x}")
    if length % 4 or length != len(data) - HEADER:
        raise StunError(f"the header says {length} bytes follow, but it is {len(data) - HEADER}")
    return Kind(kind), transaction


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, where the attribute begins, value; of a message whose header is right."""
    at = HEADER
    while at < len(data):
        number, length = _TLV.unpack_from(data, at)
        end = at + _TLV.size + length
        if end > len(data):
            raise StunError(f"attribute 0x{number:04x} is longer than the message")
        yield number, at, data[at + _TLV.size : end]
        at = end + -length % 4


def _check_fingerprint(data: bytes, start: int, value: bytes) -> None:
    if start + 8 != len(data) or not hmac.compare_digest(value, _fingerprint(data[:start])):
        raise StunError("the FINGERPRINT is wrong or not at the end")


def _integrity(before: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _with_length(before, len(before) - HEADER + 24), "sha1")


def _fingerprint(before: bytes) -> bytes:
    return (zlib.crc32(before) ^ _FINGERPRINT_MASK).to_bytes(4, "big")


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(2, "big") + data[4:]


def _header(kind: Kind, length: int, transaction: bytes) -> bytes:
    return _HEADER.pack(kind, length, COOKIE, transaction)


def _attribute(number: int, value: bytes) -> bytes:
    return _TLV.pack(number, len(value)) + value + bytes(-len(value) % 4)


def _filler(room: int) -> bytes:
    """At least `room` bytes of attributes that say nothing."""
    filler = b""
    while len(filler) < room:
        wanted = min(_LONGEST_FILLER, max(0, room - len(filler) - _TLV.size))
        filler += _attribute(Attribute.SOFTWARE, b" " * wanted)
    return filler
