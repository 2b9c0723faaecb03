"""How each attribute of a STUN message stands for fields of `Message`: one table, both ways. Pure."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from tunnel.nat.stun_message import COOKIE, Attribute, Message, StunError, address


def encode(message: Message) -> Iterator[tuple[Attribute, bytes]]:
    """Number and value of each attribute in a message. ValueError if a field cannot be said."""
    for codec in _CODECS:
        try:
            value = codec.encode(message)
        except (OverflowError, struct.error) as error:
            raise ValueError(f"{codec.number.name} cannot hold this: {error}") from error
        if value is not None:
            yield codec.number, value


def decode(number: int, value: bytes, transaction: bytes) -> dict[str, Any] | None:
    """The fields that an attribute stands for; None if we do not know it. Raises StunError."""
    codec = _BY_NUMBER.get(number)
    return None if codec is None else codec.decode(value, transaction)


_COOKIE_BYTES: Final = COOKIE.to_bytes(4, "big")


class _Codec(NamedTuple):
    number: Attribute
    encode: Callable[[Message], bytes | None]  # None: not in this message
    decode: Callable[[bytes, bytes], dict[str, Any]]  # value and transaction -> fields; raises StunError


def _sized(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise StunError(f"a value of {len(value)} bytes where {size} belong")
    return value


def _integer(number: Attribute, name: str, size: int) -> _Codec:
    def encode(message: Message) -> bytes | None:
        value = getattr(message, name)
        return None if value is None else int(value).to_bytes(size, "big")

    return _Codec(number, encode, lambda value, _: {name: int.from_bytes(_sized(value, size), "big")})


def _text(number: Attribute, name: str) -> _Codec:
    def encode(message: Message) -> bytes | None:
        value = getattr(message, name)
        return None if value is None else str(value).encode()

    def decode(value: bytes, _: bytes) -> dict[str, Any]:
        return {name: _utf8(value)}

    return _Codec(number, encode, decode)


def _utf8(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise StunError("text that is not UTF-8") from error


def _address(number: Attribute, name: str, *, masked: bool = False) -> _Codec:
    """An address; XOR-MAPPED-ADDRESS is masked, against routers that rewrite every address they see."""

    def mask(transaction: bytes) -> bytes:
        return _COOKIE_BYTES + transaction if masked else bytes(16)

    def encode(message: Message) -> bytes | None:
        value = getattr(message, name)
        if value is None:
            return None
        ip = ipaddress.ip_address(value[0])
        port = int(value[1]) ^ (COOKIE >> 16 if masked else 0)
        return struct.pack(">xBH", 1 if ip.version == 4 else 2, port) + _xor(
            ip.packed, mask(message.transaction)
        )

    def decode(value: bytes, transaction: bytes) -> dict[str, Any]:
        if len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
            raise StunError("an address of no known family")
        port = int.from_bytes(value[2:4], "big") ^ (COOKIE >> 16 if masked else 0)
        ip = ipaddress.ip_address(_xor(value[4:], mask(transaction)))
        return {name: address(str(ip), port)}

    return _Codec(number, encode, decode)


def _xor(value: bytes, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(value, mask, strict=False))


def _encode_error(message: Message) -> bytes | None:
    if message.error is None:
        return None
    code, reason = message.error
    if not 300 <= code <= 699:
        raise ValueError(f"an error code is 300 to 699, not {code}")
    return struct.pack(">xxBB", code // 100, code % 100) + reason.encode()


def _decode_error(value: bytes, _: bytes) -> dict[str, Any]:
    if len(value) < 4 or not 3 <= value[2] & 7 <= 6 or value[3] > 99:
        raise StunError("an error without a code")
    return {"error": ((value[2] & 7) * 100 + value[3], _utf8(value[4:]))}


def _encode_change(message: Message) -> bytes | None:
    flags = 4 * message.change_ip + 2 * message.change_port
    return flags.to_bytes(4, "big") if flags else None


def _decode_change(value: bytes, _: bytes) -> dict[str, Any]:
    flags = _sized(value, 4)[3]
    return {"change_ip": bool(flags & 4), "change_port": bool(flags & 2)}


def _decode_refused(value: bytes, _: bytes) -> dict[str, Any]:
    if len(value) % 2:
        raise StunError("half a type in UNKNOWN-ATTRIBUTES")
    return {"refused": struct.unpack(f">{len(value) // 2}H", value)}


def _encode_port(message: Message) -> bytes | None:
    return None if message.response_port is None else struct.pack(">Hxx", message.response_port)


_CODECS: Final = (
    _text(Attribute.SOFTWARE, "software"),
    _Codec(Attribute.ERROR_CODE, _encode_error, _decode_error),
    _Codec(
        Attribute.UNKNOWN_ATTRIBUTES,
        lambda m: struct.pack(f">{len(m.refused)}H", *m.refused) if m.refused else None,
        _decode_refused,
    ),
    _address(Attribute.XOR_MAPPED_ADDRESS, "xor_mapped", masked=True),
    _address(Attribute.MAPPED_ADDRESS, "mapped"),
    _address(Attribute.RESPONSE_ORIGIN, "response_origin"),
    _address(Attribute.OTHER_ADDRESS, "other_address"),
    _Codec(Attribute.CHANGE_REQUEST, _encode_change, _decode_change),
    _Codec(
        Attribute.RESPONSE_PORT,
        _encode_port,
        lambda value, _: {"response_port": int.from_bytes(_sized(value, 4)[:2], "big")},
    ),
    _Codec(
        Attribute.PADDING,
        lambda m: bytes(m.padding) if m.padding else None,
        lambda value, _: {"padding": len(value)},
    ),
    _integer(Attribute.PRIORITY, "priority", 4),
    _Codec(
        Attribute.USE_CANDIDATE,
        lambda m: b"" if m.use_candidate else None,
        lambda value, _: {"use_candidate": _sized(value, 0) == b""},
    ),
    _integer(Attribute.ICE_CONTROLLED, "controlled", 8),
    _integer(Attribute.ICE_CONTROLLING, "controlling", 8),
    _text(Attribute.USERNAME, "username"),
)
_BY_NUMBER: Final[dict[int, _Codec]] = {codec.number: codec for codec in _CODECS}
