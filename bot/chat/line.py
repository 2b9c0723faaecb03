"""What every chat source says, whatever it is connected to."""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.chat.limits import SendingLimits
from config.levels import Level


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One message of one person.

    id        unique per message across sources; the source has already dropped repeats
    user      the stable id of the account, or its login name where the source knows no id
    name      what people see
    level     the highest standing the person has here
    text      as it came; nothing undone yet (see bot.text)
    sent_ms   when the service says it was sent, milliseconds since 1970, or None
    arrived_ms  when this machine had it in hand, on the program's clock
    room      the channel the person wrote in (another one under Shared Chat)
    login     the account's login name, small letters; empty where the source does not tell
    """

    id: str
    user: str
    name: str
    level: Level
    text: str
    sent_ms: int | None
    arrived_ms: float
    room: str
    login: str = ""


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


class TriggerKind(enum.StrEnum):
    """What somebody may do on Twitch besides talking, that a game file may map to inputs."""

    REWARD = "reward"  # redeemed channel points
    CHEER = "cheer"  # spent bits
    SUBSCRIPTION = "subscription"  # subscribed, or resubscribed
    GIFT = "gift"  # gave subscriptions away


@dataclass(frozen=True, slots=True)
class Triggered:
    """Somebody spent something.

    id      unique per event across sources; the source has already dropped repeats
    name    what people see
    title   a reward's title as the streamer named it; empty for the others
    amount  bits, gifted subscriptions, or a reward's cost in channel points; 1 for a subscription
    text    what the viewer wrote with it, as it came
    """

    id: str
    kind: TriggerKind
    user: str
    name: str
    title: str
    amount: int
    text: str
    arrived_ms: float


@dataclass(frozen=True, slots=True)
class SourceState:
    """The source's own condition, for the streamer: one plain sentence, and whether lines can arrive now.

    ended  it has given all there was, as a recording does: no lines, but no fault either
    """

    up: bool
    text: str
    ended: bool = False


ChatEvent = ChatLine | UserCleared | MessageDeleted | ChatCleared | Triggered | SourceState


class ChatSource(Protocol):
    """A place chat comes from. It reconnects by itself and ends only when cancelled or at its natural end."""

    def events(self) -> AsyncGenerator[list[ChatEvent], None]:
        """Batches of what happened, each as it was ready together. Raises only on wrong configuration.

        Closing it closes the source's sockets and files.
        """


@runtime_checkable
class ChatVoice(Protocol):
    """The way back into the chat. A source that can answer is one of these too."""

    @property
    def can_say(self) -> bool:
        """Whether `say` reaches the chat: it does not where the bot reads as nobody in particular."""

    @property
    def limits(self) -> SendingLimits:
        """How fast it may be used at present; the standing of the bot's account may change."""

    def say(self, text: str, reply_to: str = "") -> None:
        """Sends one line of at most 500 characters, as an answer to the message with the id `reply_to` where
        the service knows such a thing. Never waits and never raises; whoever calls keeps the service's pace
        (bot.answers.replies). What cannot be sent is counted.
        """
