"""The unit of input: a 16-byte frame, and the sequence that travels with its own releases.

     0        4        8                16
     +--------+--------+----------------+
     | index  | value  | date           |    little-endian `<iiQ`
     +--------+--------+----------------+

index  signed 32 bit: which pad (1 to 4); 0 or above 4 every pad; negative nobody
value  signed 32 bit: what to do; the tunnel carries it and does not know its meaning
date   unsigned 64 bit: when, in milliseconds on the sender's clock

A press and its release are two frames of one sequence, so no press can arrive without its release.
The layout is the 16-byte member of the "Index Integer Date" family, so plain IID programs can read it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple, NewType

SequenceId = NewType("SequenceId", int)

FRAME_SIZE: Final = 16
# 64 frames are 1,024 bytes: with header, signature and tag still inside one 1,200-byte datagram.
MAX_FRAMES: Final = 64
MAX_DATE: Final = 2**64 - 1
ID_RANGE: Final = 1 << 32  # ids count modulo this

_LAYOUT: Final = struct.Struct("<iiQ")


class FrameError(ValueError):
    """Bytes or fields that are no frame, or frames that are no sequence."""


class Frame(NamedTuple):
    """One timed integer. Fields as drawn above; plain integers, so that a frame stays cheap."""

    index: int  # type: ignore[assignment]  # the format's own name; hides tuple.index, which nobody uses here
    value: int
    date: int


def is_before(id: SequenceId, other: SequenceId) -> bool:
    """Whether `id` was given out before `other`: ids count modulo 2^32 (serial arithmetic, RFC 1982)."""
    return 0 < (other - id) % ID_RANGE < ID_RANGE // 2


def pack_frames(frames: tuple[Frame, ...]) -> bytes:
    """The frames' bytes, one after another. Raises FrameError if a field does not fit its width."""
    try:
        return b"".join([_LAYOUT.pack(*frame) for frame in frames])
    except struct.error as error:
        raise FrameError(f"a field does not fit its width: {error}") from error


def unpack_frames(data: bytes) -> tuple[Frame, ...]:
    """The frames in `data`, whose length is a multiple of 16. Raises FrameError otherwise."""
    if len(data) % FRAME_SIZE:
        raise FrameError(f"{len(data)} bytes are no whole number of {FRAME_SIZE}-byte frames")
    return tuple([Frame(*fields) for fields in _LAYOUT.iter_unpack(data)])


@dataclass(frozen=True, slots=True)
class Sequence:
    """What one chat line asked for: 1 to 64 frames, dates never decreasing, played whole or not at all."""

    id: SequenceId
    frames: tuple[Frame, ...]

    def __post_init__(self) -> None:
        check_frames(self.frames)

    @property
    def date(self) -> int:
        """When the first frame is meant to happen, in milliseconds on the sender's clock."""
        return self.frames[0].date


def check_frames(frames: tuple[Frame, ...]) -> None:
    """Raises FrameError unless these frames may form a sequence."""
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise FrameError(f"a sequence has 1 to {MAX_FRAMES} frames, not {len(frames)}")
    previous = 0
    for frame in frames:
        if frame.date < previous:
            raise FrameError("the dates of a sequence never decrease")
        previous = frame.date
