"""IID records as bytes: the one layout we write, and the ones we read. Pure.

All integers are little-endian. The length alone says which layout it is.

     4   value                       index 0: every pad
     8   index, value
    12   value, date                 index 0
    16   index, value, date          what we write, with date 0
    16n  n of the above              receivers of 2026 send and take several at once

index  signed 32 bit: 1 to 4 that pad; 0 or above 4 every pad; negative a guest, whom no pad obeys
value  signed 32 bit: what to do (`config.codes`)
date   unsigned 64 bit, of which there are three readings in the wild. This is the one of the receivers of
       2026: below 90,000,000 a delay in milliseconds after arrival, anything larger means now. From 10^18 on
       it is the oldest notes' tagged microseconds, which contradict each other: refused.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

RECORD_SIZE: Final = 16
# As many as one of our own sequences holds. A datagram of more is nobody's input.
MOST_RECORDS: Final = 64
NOW_FROM: Final = 90_000_000  # 25 hours in milliseconds: the figure in all three receivers of 2026
_TAGGED_FROM: Final = 10**18

_RECORD: Final = struct.Struct("<iiQ")
_VALUE: Final = struct.Struct("<i")
_INDEX_VALUE: Final = struct.Struct("<ii")
_VALUE_DATE: Final = struct.Struct("<iQ")


class RecordError(ValueError):
    """Bytes that are no records. The text is the name of a counter."""


class Record(NamedTuple):
    """One order: for which pad, what, and how many milliseconds after it arrived."""

    index: int  # type: ignore[assignment]  # the format's own name; hides tuple.index, which nobody uses here
    value: int
    delay_ms: int = 0


def pack(index: int, value: int) -> bytes:
    """One record of 16 bytes that is to be played on arrival."""
    return _RECORD.pack(index, value, 0)


def parse(data: bytes) -> tuple[Record, ...]:
    """The records in one message, in their order. Raises RecordError: all of it is one thing or nothing."""
    match len(data):
        case 4:
            return (Record(0, *_VALUE.unpack(data)),)
        case 8:
            return (Record(*_INDEX_VALUE.unpack(data)),)
        case 12:
            value, date = _VALUE_DATE.unpack(data)
            return (Record(0, value, _delay(date)),)
        case size if size and size % RECORD_SIZE == 0 and size <= MOST_RECORDS * RECORD_SIZE:
            found = _RECORD.iter_unpack(data)
            return tuple([Record(index, value, _delay(date)) for index, value, date in found])
    raise RecordError("wrong_length")


def _delay(date: int) -> int:
    if date >= _TAGGED_FROM:
        raise RecordError("wrong_date")
    return date if date < NOW_FROM else 0
