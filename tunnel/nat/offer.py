"""What one end tells the other so that they may find each other: one note, sealed by the session.

     0    1     2           10       12          20       22         26          42  43
     +----+-----+-----------+--------+-----------+--------+----------+-----------+---+------------ ...
     |ver |flags| attempt   |revision| heard:    |heard:  | fragment | password  | n | n candidates
     |    |     |           |        | attempt   |revision|          |           |   | (candidates.py)
     +----+-----+-----------+--------+-----------+--------+----------+-----------+---+------------ ...

Little-endian. `ver` is 1; another version is dropped. Flags that are not named below mean nothing, and what
stands behind the candidates is not read, so that both can gain a meaning later. At most 347 bytes.

attempt   milliseconds of the offering end's own clock when it began, so that it grows with every attempt
revision  counts what changed within it: candidates, or the wish to search anew
heard     the latest offer of the other end that this one has seen; 0 and 0 before there was any
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from tunnel.nat.candidates import Candidate, CandidateError, pack, unpack
from tunnel.nat.checks import FRAGMENT_SIZE, PASSWORD_SIZE, Credentials

VERSION: Final = 1
MAX_REVISION: Final = 0xFFFF
MAX_OFFER: Final = 1_000  # what a note holds

# Flags
_ASKS: Final = 1
_SYMMETRIC: Final = 2
_DEAF: Final = 4
_BIRTHDAY: Final = 8
_GUESSING: Final = 16

_HEAD: Final = struct.Struct(f"<BBQHQH{FRAGMENT_SIZE}s{PASSWORD_SIZE}sB")


class OfferError(ValueError):
    """Bytes from the peer that are no offer."""


class Edition(NamedTuple):
    """Which of an end's offers. A later one is greater."""

    attempt: int
    revision: int


NEVER: Final = Edition(0, 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """See above.

    asks       answer this: its sender does not know whether we have it
    symmetric  the network there gives every destination another port (RFC 4787: not endpoint-independent)
    deaf       no server there answered over UDP
    birthday   its sender agrees to guess ports (tunnel/nat/birthday.py), and servers agree which host it is
    guessing   and has just begun to, so this is the moment for the other end too
    """

    edition: Edition
    heard: Edition
    credentials: Credentials
    candidates: tuple[Candidate, ...]
    asks: bool = False
    symmetric: bool = False
    deaf: bool = False
    birthday: bool = False
    guessing: bool = False

    def pack(self) -> bytes:
        """As a note. ValueError for more than sixteen candidates."""
        flags = (
            _ASKS * self.asks | _SYMMETRIC * self.symmetric | _DEAF * self.deaf
            | _BIRTHDAY * self.birthday | _GUESSING * self.guessing
        )  # fmt: skip
        head = _HEAD.pack(
            VERSION,
            flags,
            *self.edition,
            *self.heard,
            self.credentials.fragment,
            self.credentials.password,
            len(self.candidates),
        )
        return head + pack(self.candidates)


def parse(body: bytes) -> Offer:
    """The offer in a note. Raises OfferError."""
    if not _HEAD.size <= len(body) <= MAX_OFFER:
        raise OfferError("size")
    version, flags, attempt, revision, heard_attempt, heard_revision, fragment, password, count = (
        _HEAD.unpack_from(body)
    )
    if version != VERSION:
        raise OfferError("version")
    try:
        candidates = unpack(body[_HEAD.size :], count)
    except CandidateError as error:
        raise OfferError(str(error)) from error
    return Offer(
        edition=Edition(attempt, revision),
        heard=Edition(heard_attempt, heard_revision),
        credentials=Credentials(fragment, password),
        candidates=candidates,
        asks=bool(flags & _ASKS),
        symmetric=bool(flags & _SYMMETRIC),
        deaf=bool(flags & _DEAF),
        birthday=bool(flags & _BIRTHDAY),
        guessing=bool(flags & _GUESSING),
    )
