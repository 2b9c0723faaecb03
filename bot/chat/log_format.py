"""What one line of a recorded chat says. Pure.

One message a line, UTF-8, in any of these formats, also mixed in one file:

    @id=...;tmi-sent-ts=1700000000123 :ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :left
    1700000000123 ada: left
    2024-05-01T12:00:00.500Z ada: left
    [2024-05-01 12:00:00] ada: left
    ada: left

The first is IRC as Twitch sends it, bans and deletions (CLEARCHAT, CLEARMSG) included; `tmi-sent-ts` is its
time. The others are a time, a name and the text. A time is milliseconds since 1970, or ISO 8601, which
without a zone is UTC. A line without a time comes one second after the one before it. Empty lines and lines
that begin with '#' say nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from bot.chat.irc_message import IrcError, Message, parse, read_tags, read_time

_TIME = r"\d{4}-\d\d-\d\d[T ]\S{1,30}|\d{1,14}"
_PLAIN = re.compile(
    rf"(?:\[(?P<in_brackets>{_TIME})\] *|(?P<bare>{_TIME}) +)?(?P<user>\w{{1,50}}): ?(?P<text>.*)"
)


class LogError(ValueError):
    """The line is in none of the formats."""


class Entry(NamedTuple):
    """One line as the IRC message it is or would have been, and when it was sent; None if it does not say."""

    at_ms: int | None
    message: Message


def read_entry(text: str) -> Entry | None:
    """What this line says, None for an empty line or a comment. Raises LogError."""
    text = text.strip("\ufeff\r ")
    if not text or text.startswith("#"):
        return None
    return _irc(text) if text[0] in "@:" else _plain(text)


def _irc(text: str) -> Entry:
    try:
        message = parse(text)
    except IrcError as error:
        raise LogError("not a line of IRC") from error
    return Entry(read_time(read_tags(message.tags).get("tmi-sent-ts", "")), message)


def _plain(text: str) -> Entry:
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise LogError("neither IRC nor `time user: text`")
    written = match["in_brackets"] or match["bare"]
    at_ms = _read_time(written) if written else None
    user = match["user"]  # no character of it needs an escape in a tag
    tags = f"display-name={user};tmi-sent-ts={'' if at_ms is None else at_ms}"
    return Entry(at_ms, Message(tags, user, "PRIVMSG", ["#log", match["text"]]))


def _read_time(written: str) -> int:
    at_ms = read_time(written)
    if at_ms is not None:
        return at_ms
    try:
        moment = datetime.fromisoformat(written)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise LogError(f"{written} is no time") from error
