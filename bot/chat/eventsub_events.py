"""What the notifications of one Twitch channel mean to us: lines, bans, deletions, rewards. Pure.

One room outlives the sessions it is read through, so that its memory of what was delivered does too. The
payloads are those of dev.twitch.tv/docs/eventsub/eventsub-subscription-types.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable

from bot.chat.echo import Echo
from bot.chat.eventsub_message import Message, Subscription, read_subscription
from bot.chat.fields import FieldError, Fields, group, optional_group, optional_text, text, whole
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.chat.seen import Recent
from config.levels import Level

# Twitch's own rule for messages that come late: older ones are to be ignored.
OLDEST_MS = 10 * 60_000.0
# 500 characters and the wrapper of /me; what is longer was not typed by a viewer.
LONGEST_TEXT = 1_024
LONGEST_NAME = 128
# A badge for each of Twitch's kinds would be about ten.
MOST_BADGES = 32
# How long two subscriptions may both deliver one event: while one session takes over from another.
OVERLAP_MS = 60_000.0

# A founder is a subscriber of the first hour.
LEVEL_OF_BADGE = {
    "broadcaster": Level.BROADCASTER,
    "moderator": Level.MODERATOR,
    "lead_moderator": Level.MODERATOR,
    "vip": Level.VIP,
    "subscriber": Level.SUBSCRIBER,
    "founder": Level.SUBSCRIBER,
}
# Who gives anonymously has no account; no account has letters for a number, so nobody is taken for it.
ANONYMOUS = "anonymous"


class EventSubRoom:
    """Turns the notifications of one channel into chat events, each at most once.

    channel      the channel's login, small letters
    channel_id   its number, once it is known: whatever is of another channel does not count then
    shared_chat  whether lines written in another channel count, which Shared Chat shows here too
    echo         what we said ourselves, which does not count
    counters     what was dropped, and why
    """

    def __init__(self, channel: str, *, shared_chat: bool = False) -> None:
        self.channel = channel
        self.channel_id = ""
        self.echo = Echo()
        self.counters: Counter[str] = Counter()
        self._shared_chat = shared_chat
        self._deliveries = Recent()
        self._lines = Recent()
        self._spendings = Recent(age_ms=OVERLAP_MS)
        self._behind_ms: float | None = None
        self._readers: dict[str, Callable[[Fields, Delivery], list[ChatEvent]]] = {
            "channel.chat.message": self._said,
            "channel.chat.message_delete": self._deleted,
            "channel.chat.clear": self._all_cleared,
            "channel.chat.clear_user_messages": self._cleared,
            "channel.ban": self._banned,
            "channel.channel_points_custom_reward_redemption.add": self._redeemed,
            "channel.subscribe": self._subscribed,
            "channel.subscription.message": self._resubscribed,
            "channel.subscription.gift": self._gave,
        }

    def greeted(self, sent_ms: float, now: float) -> None:
        """A welcome is written the moment it is read: it tells how far Twitch's clock is from ours."""
        self._behind_ms = now - sent_ms

    def events(self, message: Message, now: float) -> list[ChatEvent]:
        """What this notification says. Nonsense, repeats and what is too old are counted and dropped."""
        if self._behind_ms is not None and now - message.sent_ms - self._behind_ms > OLDEST_MS:
            self.counters["too_old"] += 1
            return []
        if not self._deliveries.first_time(message.id, now):
            self.counters["duplicate"] += 1
            return []
        try:
            return self._read(message, now)
        except FieldError:
            self.counters["event_malformed"] += 1
            return []

    def _read(self, message: Message, now: float) -> list[ChatEvent]:
        subscription = read_subscription(message)
        read = self._readers.get(subscription.type)
        if read is None:
            self.counters["event_unknown"] += 1
            return []
        event = group(message.payload, "event")
        if self.channel_id and text(event, "broadcaster_user_id") != self.channel_id:
            self.counters["other_channel"] += 1
            return []
        return read(event, Delivery(message, subscription, now))

    # The chat

    def _said(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        room = self._room_of(event)
        id = text(event, "message_id")
        login = text(event, "chatter_user_login").lower()
        line = ChatLine(
            id=id,
            user=text(event, "chatter_user_id"),
            name=optional_text(event, "chatter_user_name", LONGEST_NAME) or login,
            level=_level_of(event),
            text=text(group(event, "message"), "text", LONGEST_TEXT),
            sent_ms=int(delivery.message.sent_ms),
            arrived_ms=delivery.now,
            room=room or "",
            login=login,
        )
        cheer = optional_group(event, "cheer")
        bits = 0 if cheer is None else whole(cheer, "bits")
        # Under Shared Chat each copy of a line has an id of its own, but all have one source id.
        if room is None or not self._is_new(optional_text(event, "source_message_id") or id, delivery.now):
            return []
        if self.echo.is_ours(line, delivery.now):
            self.counters["echo"] += 1
            return []
        if bits:
            cheered = Triggered(
                id, TriggerKind.CHEER, line.user, line.name, "", bits, line.text, delivery.now
            )
            return [line, cheered]
        return [line]

    def _room_of(self, event: Fields) -> str | None:
        """Where it was written: this channel's login, another one's number, None if it does not count."""
        source = optional_text(event, "source_broadcaster_user_id")
        if not source or source == text(event, "broadcaster_user_id"):
            return self.channel
        if self._shared_chat and event.get("is_source_only") is not True:  # that is for the other chat alone
            return source
        self.counters["foreign_room"] += 1
        return None

    def _is_new(self, id: str, now: float) -> bool:
        if self._lines.first_time(id, now):
            return True
        self.counters["duplicate"] += 1
        return False

    def _deleted(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        return [MessageDeleted(text(event, "message_id"))]

    def _all_cleared(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        return [ChatCleared()]

    def _cleared(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        return [UserCleared(text(event, "target_user_id"))]

    def _banned(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        return [UserCleared(text(event, "user_id"))]

    # What people spend

    def _redeemed(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        reward = group(event, "reward")
        title, cost = text(reward, "title", LONGEST_TEXT), whole(reward, "cost")
        said = optional_text(event, "user_input", LONGEST_TEXT)
        return self._triggered(TriggerKind.REWARD, event, delivery, text(event, "id"), title, cost, said)

    def _subscribed(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        if event.get("is_gift") is True:  # its giver is told of by itself, once for all of them
            self.counters["was_given"] += 1
            return []
        return self._triggered(TriggerKind.SUBSCRIPTION, event, delivery)

    def _resubscribed(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        said = optional_text(optional_group(event, "message") or {}, "text", LONGEST_TEXT)
        return self._triggered(TriggerKind.SUBSCRIPTION, event, delivery, said=said)

    def _gave(self, event: Fields, delivery: Delivery) -> list[ChatEvent]:
        return self._triggered(TriggerKind.GIFT, event, delivery, amount=whole(event, "total"))

    def _triggered(
        self,
        kind: TriggerKind,
        event: Fields,
        delivery: Delivery,
        id: str = "",
        title: str = "",
        amount: int = 1,
        said: str = "",
    ) -> list[ChatEvent]:
        """Each spending once, though two sessions may tell of it while one takes over from the other.

        A redemption has an id. The others have none: two equal ones through one subscription are two, through
        two subscriptions they are one.
        """
        user = optional_text(event, "user_id") or ANONYMOUS
        name = (
            optional_text(event, "user_name", LONGEST_NAME) or optional_text(event, "user_login") or ANONYMOUS
        )
        key = id or _fingerprint(delivery.subscription.type, event)
        known = self._spendings.remember(key, delivery.subscription.id, delivery.now)
        if known is not None and (id or known != delivery.subscription.id):
            self.counters["duplicate"] += 1
            return []
        return [Triggered(id or delivery.message.id, kind, user, name, title, amount, said, delivery.now)]


class Delivery:
    """One notification on its way through the readers above: by whom it was brought, and when."""

    __slots__ = ("message", "now", "subscription")

    def __init__(self, message: Message, subscription: Subscription, now: float) -> None:
        self.message = message
        self.subscription = subscription
        self.now = now


def _level_of(event: Fields) -> Level:
    """The highest level held in the channel we read; `source_badges` are of another one."""
    badges = event.get("badges")
    if badges is None:
        return Level.VIEWER
    if not isinstance(badges, list) or len(badges) > MOST_BADGES:
        raise FieldError("badges is no short list")
    names = [badge.get("set_id") for badge in badges if isinstance(badge, dict)]
    return max(
        (LEVEL_OF_BADGE.get(name, Level.VIEWER) for name in names if isinstance(name, str)),
        default=Level.VIEWER,
    )


def _fingerprint(type: str, event: Fields) -> str:
    """The same for the same content."""
    return hashlib.sha256(f"{type} {json.dumps(event, sort_keys=True)}".encode()).hexdigest()
