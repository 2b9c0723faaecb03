"""The notes the two ends send each other beside the inputs: their kinds and their bytes.

LABEL, bot to receiver: who asked for a sequence, and how. For eyes only; nothing is played because of it.

     0                 8    9       9+n
     +-----------------+----+-------+------------+
     | sequence id     | n  | user  | text       |    little-endian `<QB`, then UTF-8
     +-----------------+----+-------+------------+

n is the length of `user` in bytes; `text` is the rest. At most 32 and 64 characters, so 393 bytes.

MODE, bot to receiver: how the mode in force looks (config.view_note).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

LABEL: Final = 1
MODE: Final = 2

MAX_USER: Final = 32  # characters; Twitch's display names end at 25
MAX_TEXT: Final = 64  # characters; what fits in a line of the page

_HEAD: Final = struct.Struct("<QB")
_MAX_ID: Final = 2**64 - 1


class NoteError(ValueError):
    """Bytes that are no note, or a number that does not fit in one."""


@dataclass(frozen=True, slots=True)
class Label:
    """Who asked for the sequence `id` (unsigned 64 bit), and the words that did it."""

    id: int
    user: str
    text: str

    def pack(self) -> bytes:
        """Its bytes; names and texts are cut at their bounds. Raises NoteError if `id` does not fit."""
        if not 0 <= self.id <= _MAX_ID:
            raise NoteError(f"{self.id} is no sequence id")
        # Half a surrogate pair, which some clients send, has no UTF-8: it becomes a question mark.
        user = self.user[:MAX_USER].encode("utf-8", "replace")
        return _HEAD.pack(self.id, len(user)) + user + self.text[:MAX_TEXT].encode("utf-8", "replace")

    @classmethod
    def unpack(cls, data: bytes) -> Label:
        """The label in these bytes. Raises NoteError for any others."""
        if len(data) < _HEAD.size:
            raise NoteError(f"a label has at least {_HEAD.size} bytes, not {len(data)}")
        id_, length = _HEAD.unpack_from(data)
        split = _HEAD.size + length
        if len(data) < split:
            raise NoteError("a label that is cut off")
        try:
            label = cls(id_, data[_HEAD.size : split].decode(), data[split:].decode())
        except UnicodeDecodeError as error:
            raise NoteError("a label that is not UTF-8") from error
        if len(label.user) > MAX_USER or len(label.text) > MAX_TEXT:
            raise NoteError("a label longer than it may be")
        return label
