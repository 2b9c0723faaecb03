"""What goes over the web and through its files: letters as bodies, and headers that say who we are. Pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Final

from tunnel.rendezvous.place import MAX_LETTER

# A letter in base64, in quotes, and somebody's line breaks.
MAX_BODY: Final = 2_048
MAX_HEADERS: Final = 16

# RFC 9110, 5.1 and 5.5; of a value's characters those that everybody passes on.
_HEADER: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([!-~]([ \t!-~]{0,4000}[!-~])?)[ \t]*"
)


def body_of(letter: bytes, *, as_json: bool) -> bytes:
    """The letter in base64url (RFC 4648, 5, without padding), as a JSON string if wanted."""
    text = base64.urlsafe_b64encode(letter).rstrip(b"=")
    return b'"%s"' % text if as_json else text


def letter_in(body: bytes, *, as_json: bool) -> bytes | None:
    """The letter in a body; None if there is none. ValueError if that is something else."""
    text: object = body.decode("ascii").strip()
    if as_json and text:
        try:
            text = json.loads(str(text))
        except RecursionError as error:
            raise ValueError("nothing but brackets") from error
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise ValueError("no text")
    letter = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(letter) > MAX_LETTER:
        raise ValueError("too long for a letter")
    return letter or None


def headers_in(text: str) -> dict[str, str]:
    """Lines of `Name: value`, a few at most; empty lines and those that begin with # do not count.

    ValueError with the number of the line that is none, and nothing of what it holds: that is a secret.
    """
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _HEADER.fullmatch(line)
        if match is None or len(headers) == MAX_HEADERS:
            raise ValueError(f"line {number} is no header such as `Authorization: Bearer ...`")
        headers[match[1]] = match[2]
    return headers
