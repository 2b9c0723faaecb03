"""What two machines say to each other while they pair. Every message is one datagram of exactly this shape:

    0        4       5                  21
    | "CPr1" | kind  | run (16 bytes)   | body                                     |

    kind           from     body
    1  KNOCK       guest    33 bytes: SPAKE2's first message, with its side byte ("B")
    2  ANSWER      host     33 bytes: SPAKE2's other message ("A")
    3  PROOF       guest    32 bytes: HMAC over the rest; then the sealed introduction (see introduction.py)
    4  REPLY       host     the same, in the other direction
    5  STORED      guest    32 bytes: HMAC; the guest has written down what it learnt
    6  BURNT       either   nothing: this code is used up. Not authenticated, see exchange.py

The host shows the code, the guest types it. A run is the guest's, 16 random bytes: with them a machine knows
the messages of its own exchange among those of others in the room. Lengths are fixed for each kind, so they
tell a relay nothing. Another first four bytes are another protocol or version: dropped.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

MAGIC: Final = b"CPr1"
RUN_SIZE: Final = 16
ELEMENT_SIZE: Final = 33
MAC_SIZE: Final = 32
INTRODUCTION_SIZE: Final = 1_000  # with everything else still within a datagram of 1,200
SEALED_SIZE: Final = INTRODUCTION_SIZE + 16  # Poly1305's tag

_HEADER: Final = len(MAGIC) + 1 + RUN_SIZE


class MessageError(Exception):
    """A datagram that is no message of ours. The text is the name of a counter."""


class Kind(enum.IntEnum):
    """See the table above."""

    KNOCK = 1
    ANSWER = 2
    PROOF = 3
    REPLY = 4
    STORED = 5
    BURNT = 6


_BODY: Final[Mapping[Kind, int]] = MappingProxyType(
    {
        Kind.KNOCK: ELEMENT_SIZE,
        Kind.ANSWER: ELEMENT_SIZE,
        Kind.PROOF: MAC_SIZE + SEALED_SIZE,
        Kind.REPLY: MAC_SIZE + SEALED_SIZE,
        Kind.STORED: MAC_SIZE,
        Kind.BURNT: 0,
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Lengths are checked by `parse`; who builds one gets them right."""

    kind: Kind
    run: bytes
    body: bytes = b""

    @classmethod
    def parse(cls, datagram: bytes) -> Self:
        """Any bytes either parse or raise MessageError."""
        if len(datagram) < _HEADER or not datagram.startswith(MAGIC):
            raise MessageError("foreign")
        try:
            kind = Kind(datagram[len(MAGIC)])
        except ValueError as error:
            raise MessageError("unknown_kind") from error
        if len(datagram) != _HEADER + _BODY[kind]:
            raise MessageError("wrong_length")
        return cls(kind, datagram[_HEADER - RUN_SIZE : _HEADER], datagram[_HEADER:])

    def pack(self) -> bytes:
        """The datagram."""
        assert len(self.run) == RUN_SIZE, "a run is 16 bytes"
        assert len(self.body) == _BODY[self.kind], f"{self.kind.name} has a body of {_BODY[self.kind]} bytes"
        return MAGIC + bytes((self.kind,)) + self.run + self.body
