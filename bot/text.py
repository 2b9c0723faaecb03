"""Undoes what viewers' clients do to a chat line, so that the grammar sees what the viewer typed.

Twitch refuses a message equal to the sender's last one. Clients get around that by appending characters
nobody sees (U+E0000, U+034F, doubled blanks); without this module every second press would be lost.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Twitch's limit is 500 characters; a /me adds its wrapper. Longer text is nothing that a viewer typed.
LONGEST_RAW: Final = 512

# Unicode's property Default_Ignorable_Code_Point: characters shown as nothing at all (soft hyphen, joiners,
# directions, fillers, variation selectors, tags), and the controls for interlinear notes.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_BRAILLE_BLANK: Final = "\u2800"  # an empty pattern of dots: looks like a blank, and is used as one
_ACTION: Final = re.compile(r"\x01action ([^\x01]*)\x01?", re.IGNORECASE)
_REPLY: Final = re.compile(r"@\S{1,64} ")


def normalise(text: str) -> str:
    """The line in lower case, single blanks between its words, without wrapper, reply prefix and tricks.

    Digits and letters of other scripts stay as they are (full-width ones become ASCII), and so parse as
    nothing. Text longer than any viewer can send comes back empty.
    """
    if len(text) > LONGEST_RAW:
        return ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).replace(_BRAILLE_BLANK, " "))
        if len(text) > LONGEST_RAW:  # one letter of some scripts is a whole sentence in others
            return ""
    if text.startswith("\x01"):
        wrapped = _ACTION.fullmatch(text)
        text = wrapped[1] if wrapped else text
    text = " ".join(text.split()).casefold()
    if text.startswith("@"):
        text = _REPLY.sub("", text, count=1)
    return text
