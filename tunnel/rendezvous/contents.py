"""What a letter says once it is open: the latest signal of each direct link, as the links made them.

     +------+---------+------------ ...  -+------+---------+-- ...    -+------ ...
     | kind | length  | body              | kind | length  | body      | zeros
     +------+---------+------------ ...  -+------+---------+-- ...    -+------ ...
       1      2, little-endian

`kind` is the signal's, 128 to 255 (tunnel/endpoint.py); a kind of 0 is the end. Bodies are not looked into,
but where they do not fit: then those that are offers lose addresses, those that would be tried last first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from tunnel.nat.candidates import best_first
from tunnel.nat.offer import OfferError, parse
from tunnel.rendezvous.text import LetterError

FIRST_KIND: Final = 128
LAST_KIND: Final = 255

_HEAD: Final = struct.Struct("<BH")
# Strangers see how long a letter is. In steps of this size that tells next to nothing of what is in it.
_STEP: Final = 128


class Signal(NamedTuple):
    """A direct link's note to its like at the other end: the kind says which link, the body is its own."""

    kind: int
    body: bytes


def pack(signals: Iterable[Signal], room: int) -> bytes:
    """At most `room` bytes with as much of it as fits."""
    kept = list(signals)
    while kept and _size(kept) > room:
        longest = max(range(len(kept)), key=lambda at: len(kept[at].body))
        shorter = _shorter(kept[longest])
        if shorter is None:
            del kept[longest]
        else:
            kept[longest] = shorter
    data = b"".join(_HEAD.pack(kind, len(body)) + body for kind, body in kept)
    return data.ljust(min(room, -(-len(data) // _STEP) * _STEP), b"\0")


def unpack(data: bytes) -> tuple[Signal, ...]:
    """The signals, at most one of each kind. Raises LetterError."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at]:
        if len(data) - at < _HEAD.size:
            raise _misshapen()
        kind, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size + length
        if kind < FIRST_KIND or kind in found or at > len(data):
            raise _misshapen()
        found[kind] = data[at - length : at]
    return tuple(Signal(kind, body) for kind, body in found.items())


def _size(signals: Iterable[Signal]) -> int:
    return sum(_HEAD.size + len(signal.body) for signal in signals)


def _shorter(signal: Signal) -> Signal | None:
    """With one address less; None if that is no offer, or an empty one."""
    try:
        offer = parse(signal.body)
    except OfferError:
        return None
    if not offer.candidates:
        return None
    candidates = best_first(offer.candidates)[: len(offer.candidates) - 1]
    return Signal(signal.kind, replace(offer, candidates=candidates).pack())


def _misshapen() -> LetterError:
    text = "The other end's program wrote a letter that this one cannot read. Use the same version on both."
    return LetterError("contents", text)
