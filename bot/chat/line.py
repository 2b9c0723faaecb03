"""What every chat source says, whatever it is connected to."""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


class Role(enum.IntEnum):
    """Who somebody is in the channel. Higher may do more."""

    VIEWER = 0
    SUBSCRIBER = 10
    VIP = 20
    MODERATOR = 30
    BROADCASTER = 40


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One message of one person.

    id        unique per message across sources; the source has already dropped repeats
    user      the stable id of the account, or its login name where the source knows no id
    name      what people see
    role      the highest role the person has here
    text      as it came; nothing undone yet (see bot.text)
    sent_ms   when the service says it was sent, milliseconds since 1970, or None
    arrived_ms  when this machine had it in hand, on the program's clock
    room      the channel the person wrote in (another one under Shared Chat)
    """

    id: str
    user: str
    name: str
    role: Role
    text: str
    sent_ms: int | None
    arrived_ms: float
    room: str


@dataclass(frozen=True, slots=True)
class UserCleared:
    """A ban or a time-out: whatever this person still has waiting or held is taken back."""

    user: str


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A moderator removed one message: what it asked for is taken back."""

    id: str


@dataclass(frozen=True, slots=True)
class ChatCleared:
    """A moderator emptied the chat: whatever anybody has waiting or held is taken back."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """The source's own condition, for the streamer: one plain sentence, and whether lines can arrive now.

    ended  it has given all there was, as a recording does: no lines, but no fault either
    """

    up: bool
    text: str
    ended: bool = False


ChatEvent = ChatLine | UserCleared | MessageDeleted | ChatCleared | SourceState


class ChatSource(Protocol):
    """A place chat comes from. It reconnects by itself and ends only when cancelled or at its natural end."""

    def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches of what happened, each as it was ready together. Raises only on wrong configuration.

        Closing it closes the source's sockets and files.
        """
