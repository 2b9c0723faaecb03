"""The spoken code of a pairing: `412-crossword-orbit`.

    412         the plate, 100 to 999: names the room where two machines meet. Public. Even: the bot shows the
                code and the receiver types it; odd: the other way round. So the one who types need not say
    crossword   the secret: two words of 256, 16 bits. Whoever guesses has one try in 65,536, and then the
    orbit       code is used up (exchange.py)

Plates are drawn, not handed out: strangers who pair at the same moment on the same relay may draw the same
one. Both then see a used-up code and take another. With 450 plates for each way round that is rare.
"""

from __future__ import annotations

import difflib
import enum
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from tunnel.pairing.words import WORDS
from tunnel.room import ROOM_SIZE

SECRET_BITS: Final = 16

_LOWEST: Final = 100
_EACH_WAY: Final = 450  # even plates, and as many odd ones
_LONGEST: Final = 100  # a code has at most 23 characters; people paste blanks around it
_SHAPE: Final = "a code is a number and two words, such as 412-crossword-orbit"


class CodeError(Exception):
    """A text that is no code. One sentence for the person who typed it."""


class Role(enum.StrEnum):
    """Which program a machine runs."""

    BOT = "bot"
    RECEIVER = "receiver"

    @property
    def other(self) -> Role:
        """The one it talks to."""
        return Role.RECEIVER if self is Role.BOT else Role.BOT


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """One code, good for one try. `str` is the whole of it, `repr` keeps the secret."""

    plate: int
    words: tuple[str, str]

    @classmethod
    def create(cls, shown_by: Role, random: Callable[[int], bytes]) -> Self:
        """A new one. `random` gives so many bytes, all of them unpredictable."""
        # 64 bits make the remainder's bias 2**-55; the plate is no secret anyway.
        drawn = int.from_bytes(random(8), "little") % _EACH_WAY
        first, second = random(2)
        return cls(_LOWEST + 2 * drawn + (shown_by is Role.RECEIVER), (WORDS[first], WORDS[second]))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what somebody typed: any case, blanks or dashes between the parts. Raises CodeError."""
        if len(text) > _LONGEST:
            raise CodeError(_SHAPE)
        parts = [part for part in re.split(r"[\s\-_,.]+", text.strip().lower()) if part]
        if len(parts) != 3 or not re.fullmatch("[1-9][0-9]{2}", parts[0]):
            raise CodeError(_SHAPE)
        return cls(int(parts[0]), (_word(parts[1]), _word(parts[2])))

    @property
    def shown_by(self) -> Role:
        """Who shows it; the other one types it."""
        return Role.RECEIVER if self.plate % 2 else Role.BOT

    @property
    def secret(self) -> bytes:
        """The two words, for the exchange and nothing else."""
        return "-".join(self.words).encode()

    def __str__(self) -> str:
        return f"{self.plate}-{self.words[0]}-{self.words[1]}"

    def __repr__(self) -> str:
        return f"Code({self.plate}-...)"


def room_name(plate: int, relay: str, day: int) -> bytes:
    """The room of a plate, on the relay of this name and on a day counted since 1970 (see tunnel/room.py).

    Anybody can work it out: it only brings two machines together, and keeps their protocol to itself.
    """
    text = f"crowdpad pair room\n{plate}\n{day}\n{relay}"
    return hashlib.sha256(text.encode()).digest()[:ROOM_SIZE]


def _word(text: str) -> str:
    if text in WORDS:
        return text
    nearest = difflib.get_close_matches(text, WORDS, n=1, cutoff=0.6)
    hint = f'; did you mean "{nearest[0]}"?' if nearest else ""
    shown = "".join([c for c in text[:20] if c.isprintable()])
    raise CodeError(f'no code has the word "{shown}"{hint}')
