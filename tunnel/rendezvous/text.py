"""A letter as text that people read to each other, paste or photograph: `1GC4T-0RZ8P-...-7Q`.

    letter, 5 bits a character (Crockford's base32: no I, L, O or U) | 3 characters of CRC-32, its low 15 bits

in groups of five. All of it fits the alphanumeric mode of a QR code, which has capitals, digits and the dash.
The last three characters are there for people: without them a slip of the tongue would look like a letter
from somebody else. One slip in 32,768 gets past them, and then it is the seal that does not open.
"""

from __future__ import annotations

import base64
import re
import zlib
from typing import Final

from tunnel.rendezvous.place import MAX_LETTER

# Five times what the longest letter needs, so that blanks and line breaks do no harm.
MAX_TEXT: Final = 8_192

_GROUP: Final = 5
_CHECK_SIZE: Final = 3
# As people are shown it, eight groups in a line. A letter that says nothing has 21 bytes all the same.
_LINE: Final = 8 * _GROUP
_SHORTEST: Final = 34 + _CHECK_SIZE
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RFC4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_WRITTEN: Final = str.maketrans(_RFC4648, _CROCKFORD)
# Crockford: who reads O, I or L meant 0 or 1. Blanks, and whatever chats make of a dash, mean nothing.
_MEANT: Final = str.maketrans("OIL", "011")
_FILLING: Final = re.compile(r"[\s\u00ad\u200b-\u200d\u2010-\u2015\u2212\ufeff_.,:;*`'\"<>()-]+")
_PREFIX: Final = "CROWDPAD"
_READ: Final = str.maketrans(_CROCKFORD, _RFC4648)


class LetterError(Exception):
    """A text or letter that cannot be used. `str()` is a sentence or two for a person: what, and what to do.

    reason  the same in a word or two, to count it by
    """

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def to_text(letter: bytes) -> str:
    """The letter in groups of five characters, with dashes between them. ValueError if it is too long."""
    if len(letter) > MAX_LETTER:
        raise ValueError(f"a letter has at most {MAX_LETTER} bytes, not {len(letter)}")
    symbols = _symbols(letter)
    symbols += _check(symbols)
    return "-".join(symbols[at : at + _GROUP] for at in range(0, len(symbols), _GROUP))


def from_text(text: str) -> bytes:
    """The letter in what somebody typed or pasted. Raises LetterError.

    Forgives capitals and small letters, O for 0, I and L for 1, blanks and line breaks, `crowdpad:` in front.
    """
    if len(text) > MAX_TEXT:
        raise LetterError("typing", "That is far too long. Paste the offer alone, without what surrounds it.")
    symbols = re.sub(_FILLING, "", text).upper()
    # A letter begins with its version, and thus never like this.
    symbols = symbols.removeprefix(_PREFIX).translate(_MEANT)
    if not symbols:
        raise LetterError(
            "typing", "There is nothing there. Paste what `paths offer` shows on the other machine."
        )
    strange = next((symbol for symbol in symbols if symbol not in _CROCKFORD), None)
    if strange is not None:
        shown = f'"{strange}"' if strange.isprintable() else "an unprintable character"
        text = f"A typing error: {shown} never occurs in an offer."
        raise LetterError("typing", f"{text} Paste the offer alone, or compare it with the other screen.")
    return _letter(symbols)


def _letter(symbols: str) -> bytes:
    content, check = symbols[:-_CHECK_SIZE], symbols[-_CHECK_SIZE:]
    if not content or check != _check(content):
        raise _mistyped(_what_is_missing(len(symbols)))
    try:
        letter = base64.b32decode(content.translate(_READ) + "=" * (-len(content) % 8))
    except ValueError as error:  # a length that no number of bytes has
        raise _mistyped("a part is missing") from error
    if _symbols(letter) != content or len(letter) > MAX_LETTER:
        raise _mistyped("a part is missing")
    return letter


def _what_is_missing(size: int) -> str:
    """A last line of one short group is easily overlooked; then what is left are whole lines."""
    if size < _SHORTEST:
        return "some of it is missing; the last line may hold one group only"
    if size % _LINE == 0:
        return "a character is another one, or some are missing; the last line may hold one group only"
    return "a character is another one, or missing"


def _mistyped(what: str) -> LetterError:
    text = f"A typing error: {what}. Compare it with the other screen, group by group."
    return LetterError("typing", text)


def _symbols(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").translate(_WRITTEN)


def _check(symbols: str) -> str:
    number = zlib.crc32(symbols.encode())
    return "".join(_CROCKFORD[number >> shift & 31] for shift in (10, 5, 0))
