"""A letter: what both direct links of one end have to say, sealed for the other end, with its date.

     0         1                17                          21
     +---------+----------------+---------------------------+----------- ...
     | version | synthetic IV   | when in the day it was    | what it says
     |         |                | written, ms               |
     +---------+----------------+---------------------------+----------- ...
                                |<-- AES-256-SIV (RFC 5297), with `version` as associated data -->|

Little-endian, at most MAX_LETTER bytes. Version 1 says everything (contents.py), version 2 what people can
bear to read out (brief.py); others are dropped. The key is the writer's of that day (keys.py), and the day is
not written down: the key that opens a letter says it.

Why SIV: the vector is nonce and tag in one, so it takes 16 bytes where a random nonce and a tag take 28, and
people may have to read them out. It needs no randomness, and the worst that a clock set back can bring is
the same bytes twice, which tell a stranger that nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from tunnel.rendezvous import brief, contents
from tunnel.rendezvous.contents import Signal as Signal
from tunnel.rendezvous.keys import MeetingKeys, day_of
from tunnel.rendezvous.place import MAX_LETTER
from tunnel.rendezvous.text import LetterError as LetterError
from tunnel.rendezvous.text import from_text as from_text
from tunnel.rendezvous.text import to_text as to_text
from tunnel.room import DAY_MS

WHOLE: Final = 1
BRIEF: Final = 2

_IV_SIZE: Final = 16
_DATE_SIZE: Final = 4  # a day has 27 bits of milliseconds
_OVERHEAD: Final = 1 + _IV_SIZE + _DATE_SIZE


@dataclass(frozen=True, slots=True)
class Letter:
    """An open one. `written` is when, in ms since 1970 on the writer's clock."""

    written: int
    signals: tuple[Signal, ...]


def seal(signals: Iterable[Signal], keys: MeetingKeys, date: float) -> bytes:
    """A letter that says everything; what does not fit are the last addresses to be tried."""
    return _seal(WHOLE, contents.pack(signals, MAX_LETTER - _OVERHEAD), keys, int(date))


def seal_brief(signals: Iterable[Signal], keys: MeetingKeys, date: float) -> bytes:
    """A letter for people to carry: the few addresses that matter."""
    return _seal(BRIEF, brief.pack(signals, int(date)), keys, int(date))


def open_letter(letter: bytes, keys: MeetingKeys, date: float) -> Letter:
    """What the other end wrote yesterday, today or tomorrow by our clock. Raises LetterError."""
    if not _OVERHEAD <= len(letter) <= MAX_LETTER:
        raise LetterError("size", "That is no offer: it is too short or too long for one. Fetch it again.")
    version = letter[0]
    if version not in (WHOLE, BRIEF):
        text = (
            "This offer is of a kind that this program does not know. Use the same version on both machines."
        )
        raise LetterError("version", text)
    today = day_of(date)
    for day in (today, today - 1, today + 1):
        plain = _unsealed(letter, keys.theirs(day).seal)
        if plain is not None:
            return _read(version, plain, day)
    if any(_unsealed(letter, keys.ours(day).seal) is not None for day in (today, today - 1, today + 1)):
        text = "That is this machine's own offer. Here belongs what `paths offer` shows on the other machine."
        raise LetterError("our own", text)
    raise LetterError(
        "foreign",
        "This offer does not open. It is older than yesterday, or not for this configuration: ask for a new "
        "one, and compare the keys and the date of both machines.",
    )


def _seal(version: int, said: bytes, keys: MeetingKeys, date: int) -> bytes:
    plain = (date % DAY_MS).to_bytes(_DATE_SIZE, "little") + said
    outside = bytes((version,))
    return outside + AESSIV(keys.ours(day_of(date)).seal).encrypt(plain, [outside])


def _unsealed(letter: bytes, key: bytes) -> bytes | None:
    try:
        return AESSIV(key).decrypt(letter[1:], [letter[:1]])
    except InvalidTag:
        return None


def _read(version: int, plain: bytes, day: int) -> Letter:
    written = day * DAY_MS + int.from_bytes(plain[:_DATE_SIZE], "little")
    said = plain[_DATE_SIZE:]
    signals = contents.unpack(said) if version == WHOLE else brief.unpack(said, written)
    return Letter(written, signals)
