"""One message of Twitch's EventSub over WebSocket: its kind, its id, when it was sent, what it carries.

    {"metadata": {"message_id": "96a3...", "message_type": "notification", "message_timestamp": "2026-...Z"},
     "payload":  {"subscription": {"id": ..., "type": "channel.chat.message", ...}, "event": {...}}}

Source of the format: dev.twitch.tv/docs/eventsub/websocket-reference. Pure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.chat.fields import FieldError, Fields, group, moment_ms, optional_text, read_object, text, whole

# Twitch's reconnect addresses are about 200 characters.
LONGEST_URL = 2_000
# What may be asked for, and what is used where a welcome does not say.
LEAST_KEEPALIVE_S = 10
MOST_KEEPALIVE_S = 600


class Kind(enum.StrEnum):
    """The five that Twitch documents."""

    WELCOME = "session_welcome"
    KEEPALIVE = "session_keepalive"
    NOTIFICATION = "notification"
    RECONNECT = "session_reconnect"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True)
class Message:
    """id is of the delivery: sent again, the message has the same one. sent_ms is on Twitch's clock."""

    kind: Kind
    id: str
    sent_ms: float
    payload: Fields


@dataclass(frozen=True, slots=True)
class Session:
    """What a welcome says."""

    id: str
    keepalive_ms: float


@dataclass(frozen=True, slots=True)
class Subscription:
    """Which wish of ours a notification or a revocation is about. status says why one was revoked."""

    id: str
    type: str
    status: str


def read_message(frame: str) -> Message:
    """Raises FieldError for whatever is no message of a known kind."""
    document = read_object(frame)
    metadata = group(document, "metadata")
    written = text(metadata, "message_type")
    try:
        kind = Kind(written)
    except ValueError as error:
        raise FieldError(f"{written!r:.40} is no known kind of message") from error
    return Message(
        kind,
        text(metadata, "message_id"),
        moment_ms(metadata, "message_timestamp"),
        group(document, "payload"),
    )


def read_session(message: Message) -> Session:
    """Of a welcome. Raises FieldError."""
    session = group(message.payload, "session")
    seconds = LEAST_KEEPALIVE_S
    if session.get("keepalive_timeout_seconds") is not None:
        seconds = max(1, whole(session, "keepalive_timeout_seconds", MOST_KEEPALIVE_S))
    return Session(text(session, "id"), seconds * 1000.0)


def read_subscription(message: Message) -> Subscription:
    """Of a notification or a revocation. Raises FieldError."""
    fields = group(message.payload, "subscription")
    return Subscription(text(fields, "id"), text(fields, "type"), optional_text(fields, "status"))


def read_reconnect_url(message: Message, home: str) -> str:
    """Where a reconnect message sends us, untouched. Raises FieldError.

    home   where we are now: the address must be there or below (cell-a.eventsub... below eventsub...), and as
           well encrypted. A server that sends its clients anywhere at all is not one to follow.
    """
    url = text(group(message.payload, "session"), "reconnect_url", LONGEST_URL)
    try:
        there, here = urlsplit(url), urlsplit(home)
        host, name = there.hostname or "", here.hostname or "?"
    except ValueError as error:
        raise FieldError("reconnect_url is no address") from error
    if there.scheme != here.scheme or not (host == name or host.endswith(f".{name}")):
        raise FieldError("reconnect_url leads away")
    return url
