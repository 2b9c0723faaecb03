"""The inside of a sealed datagram. Both kinds begin with when it was sent; all integers are little-endian.

INPUTS    sent u32 | record, record, ...                      (the signature behind them is the channel's)
record    id u32 | n u8 | n = 1 to 64: n frames of 16 bytes   a sequence
                        | n = 128 + k: k ids of 4 bytes       takes back these sequences; k = 0 everything

NOTES     sent u32 | item, item, ...
item      kind u8 | length u16 | body

kind 1    HEARTBEAT   sent u32 | echo u32 | held u32 | echo_sent u32 | heard u32 | first u32
kind 2    RECEIPTS    echo u32 | held u32 | (id u32 | outcome u8 | at u32) ...
kind 3    INQUIRY     id u32 ...                              "what became of these?"
kind 32+  a note of the program above, its own kind plus 32

`sent` of a datagram, `echo` and `at` are microseconds of a clock modulo 2^32 (it wraps after 71 minutes; a
datagram is never believed after seconds). `held` is for how many microseconds the echoed value lay with the
answering end. In a HEARTBEAT `sent` counts the datagrams put on this path so far, this one included, and the
echo part repeats what the peer's last heartbeat on this path said (`echo` its sending time, `echo_sent` its
count), beside how many copies had then been heard on it and how many of them were the first to arrive.
`held` of 0xFFFFFFFF means: nothing to echo yet. In RECEIPTS `at` is on the clock of the end that asked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tunnel.envelope import MAX_DATAGRAM, SEALED_OVERHEAD, DatagramError
from tunnel.events import Outcome
from tunnel.frame import FRAME_SIZE, MAX_FRAMES, SequenceId

MICROS: Final = 1 << 32
NOTHING_ECHOED: Final = MICROS - 1
MAX_TARGETS: Final = 64
NOTE_KINDS: Final = range(224)
HEARTBEAT: Final = 1
RECEIPTS: Final = 2
INQUIRY: Final = 3
NOTE_BASE: Final = 32

SENT_SIZE: Final = 4
RECORD_OVERHEAD: Final = 5
ITEM_OVERHEAD: Final = 3
RECEIPT_SIZE: Final = 9
RECEIPTS_OVERHEAD: Final = 8
NOTES_ROOM: Final = MAX_DATAGRAM - SEALED_OVERHEAD - SENT_SIZE
MAX_NOTE: Final = 1000  # the body of a note; with its item's head it always fits into one datagram

_SENT: Final = struct.Struct("<I")
_RECORD: Final = struct.Struct("<IB")
_ITEM: Final = struct.Struct("<BH")
_HEARTBEAT: Final = struct.Struct("<IIIIII")
_RECEIPTS: Final = struct.Struct("<II")
_RECEIPT: Final = struct.Struct("<IBI")
_CANCEL: Final = 128
_WIRE_OUTCOMES: Final = {int(outcome): outcome for outcome in Outcome if outcome is not Outcome.LOST}


class Record(NamedTuple):
    """One order of the sender: a sequence's frames still packed, or ids to take back."""

    id: SequenceId
    is_cancel: bool
    body: bytes


class Heartbeat(NamedTuple):
    """How a path is doing, told by each end to the other; fields as drawn above."""

    sent: int
    echo: int
    held: int
    echo_sent: int
    heard: int
    first: int


class Receipt(NamedTuple):
    """What became of one sequence."""

    id: SequenceId
    outcome: Outcome
    at: int


class Receipts(NamedTuple):
    """Receipts, and the sending time of the datagram that caused them."""

    echo: int
    held: int
    receipts: tuple[Receipt, ...]


def micros(now: float) -> int:
    """A moment in milliseconds as the 32-bit microseconds of the wire."""
    return int(now * 1000) % MICROS


def near(value: int, around: float) -> float:
    """The moment in milliseconds, nearest to `around`, that the wire writes as `value`."""
    base = int(around * 1000)
    difference = (value - base) % MICROS
    if difference >= MICROS // 2:
        difference -= MICROS
    return (base + difference) / 1000


def pack_sequence(id: SequenceId, frames: bytes) -> bytes:
    """The record of a sequence whose frames are packed already."""
    return _RECORD.pack(id, len(frames) // FRAME_SIZE) + frames


def pack_cancel(id: SequenceId, targets: tuple[SequenceId, ...]) -> bytes:
    """The record that takes back up to 64 sequences, or with no target everything."""
    return _RECORD.pack(id, _CANCEL + len(targets)) + pack_ids(targets)


def pack_inputs(sent: int, records: Iterable[bytes]) -> bytes:
    """The content of an INPUTS datagram."""
    return _SENT.pack(sent) + b"".join(records)


def parse_inputs(content: bytes) -> tuple[int, list[Record]]:
    """When it was sent, and its records. Raises DatagramError; a wrong part condemns the whole."""
    records: list[Record] = []
    try:
        (sent,) = _SENT.unpack_from(content)
        offset, end = SENT_SIZE, len(content)
        while offset < end:
            id, n = _RECORD.unpack_from(content, offset)
            offset += RECORD_OVERHEAD
            is_cancel = n >= _CANCEL
            size = (n - _CANCEL) * 4 if is_cancel else n * FRAME_SIZE
            if n == 0 or MAX_FRAMES < n < _CANCEL or n > _CANCEL + MAX_TARGETS or offset + size > end:
                raise DatagramError("content")
            records.append(Record(SequenceId(id), is_cancel, content[offset : offset + size]))
            offset += size
    except struct.error as error:
        raise DatagramError("content") from error
    return sent, records


def pack_ids(ids: Iterable[SequenceId]) -> bytes:
    """Four bytes each."""
    return b"".join([_SENT.pack(id) for id in ids])


def parse_ids(body: bytes) -> tuple[SequenceId, ...]:
    """Ids of four bytes each. Raises DatagramError."""
    if len(body) % 4:
        raise DatagramError("content")
    return tuple(SequenceId(id) for (id,) in _SENT.iter_unpack(body))


def pack_notes(sent: int, items: Iterable[bytes]) -> bytes:
    """The content of a NOTES datagram."""
    return _SENT.pack(sent) + b"".join(items)


def pack_item(kind: int, body: bytes) -> bytes:
    """One item of it."""
    return _ITEM.pack(kind, len(body)) + body


def parse_notes(content: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """When it was sent, and its items as (kind, body). Raises DatagramError."""
    try:
        (sent,) = _SENT.unpack_from(content)
        return sent, list(_items(content))
    except struct.error as error:
        raise DatagramError("content") from error


def _items(content: bytes) -> Iterator[tuple[int, bytes]]:
    offset, end = SENT_SIZE, len(content)
    while offset < end:
        kind, size = _ITEM.unpack_from(content, offset)
        offset += ITEM_OVERHEAD
        if offset + size > end:
            raise DatagramError("content")
        yield kind, content[offset : offset + size]
        offset += size


def packs(items: Iterable[bytes], room: int) -> list[list[bytes]]:
    """Parts in as few packs of at most `room` bytes as they fit into in order. None is larger than `room`."""
    result: list[list[bytes]] = []
    left = 0
    for item in items:
        if not result or len(item) > left:
            result.append([])
            left = room
        result[-1].append(item)
        left -= len(item)
    return result


def pack_heartbeat(heartbeat: Heartbeat) -> bytes:
    """As an item."""
    return pack_item(HEARTBEAT, _HEARTBEAT.pack(*[field % MICROS for field in heartbeat]))


def parse_heartbeat(body: bytes) -> Heartbeat:
    """From an item's body. Raises DatagramError."""
    try:
        return Heartbeat(*_HEARTBEAT.unpack(body))
    except struct.error as error:
        raise DatagramError("content") from error


def pack_receipts(echo: int, held: int, receipts: Iterable[Receipt]) -> bytes:
    """As an item."""
    entries = b"".join([_RECEIPT.pack(*receipt) for receipt in receipts])
    return pack_item(RECEIPTS, _RECEIPTS.pack(echo, min(held, NOTHING_ECHOED)) + entries)


def parse_receipts(body: bytes) -> Receipts:
    """From an item's body. Raises DatagramError."""
    try:
        echo, held = _RECEIPTS.unpack_from(body)
        entries = _RECEIPT.iter_unpack(body[RECEIPTS_OVERHEAD:])
        receipts = tuple(Receipt(SequenceId(id), _WIRE_OUTCOMES[code], at) for id, code, at in entries)
    except (struct.error, KeyError) as error:
        raise DatagramError("content") from error
    return Receipts(echo, held, receipts)
