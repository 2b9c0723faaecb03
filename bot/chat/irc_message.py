"""One line of IRC as Twitch speaks it: tags, source, command, parameters. Pure.

    @id=d8-41;user-id=402;mod=0 :ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :left right
    +------- tags (IRCv3) ----+ +-------- source --------+ +command +params +trailing-+

Sources of the rules: RFC 1459 section 2.3.1, IRCv3 "Message Tags". Parsing is as lenient as IRCv3 asks of a
receiver: runs of spaces count as one, a last parameter needs no colon.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# IRCv3 allows 8,191 bytes of tags. IRC allows 512 bytes for the rest, but Twitch does not keep to that: 500
# characters of any script, and a source that spells the login three times (about 150). Counted in characters.
MAX_TAGS = 8_191
MAX_REST = 1_024
MAX_LINE = MAX_TAGS + MAX_REST

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class IrcError(ValueError):
    """The peer sent a line that is not IRC."""


class Message(NamedTuple):
    """One parsed line. `tags` stays as it came: most lines need a handful of the twenty, see `read_tags`."""

    tags: str
    source: str
    command: str
    params: list[str]

    @property
    def login(self) -> str:
        """The account that spoke, in lower case; a server's name where a server spoke."""
        return self.source.partition("!")[0].lower()


def parse(line: str) -> Message:
    """Reads one line without its line ending. Raises IrcError, and nothing else, for anything else."""
    if len(line) > MAX_LINE:
        raise IrcError("longer than a line may be")
    tags = source = ""
    if line.startswith("@"):
        tags, _, line = line[1:].partition(" ")
        line = line.lstrip(" ")
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
        line = line.lstrip(" ")
    head, colon, trailing = line.partition(" :")
    command, *params = head.split(" ")
    if "" in params:
        params = [param for param in params if param]
    if colon:
        params.append(trailing)
    if not (command.isascii() and command.isalnum()):
        raise IrcError("no command")
    return Message(tags, source, command.upper(), params)


def read_tags(raw: str) -> dict[str, str]:
    """Every tag with its value still escaped; the last one wins where one is repeated (IRCv3)."""
    return {key: value for key, _, value in [tag.partition("=") for tag in raw.split(";")]}


def unescape(value: str) -> str:
    r"""A tag's value as it was meant: \s \: \\ \r \n; any other backslash goes, also one at the very end."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), value)


def read_time(value: str) -> int | None:
    """Milliseconds since 1970 as Twitch writes them, or None.

    14 digits reach the year 5138: whoever sends more, a sign, or digits of another script means mischief.
    """
    if 0 < len(value) <= 14 and value.isascii() and value.isdigit():
        return int(value)
    return None
