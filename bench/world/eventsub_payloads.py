"""The messages Twitch's EventSub writes, field by field as it documents them, for the local one. Pure.

Sources: dev.twitch.tv/docs/eventsub/websocket-reference and .../eventsub-subscription-types. Names, numbers
and ids are made up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bench.world.twitch_lines import account_number
from config.levels import Level

_BADGES: Final[dict[Level, tuple[tuple[str, str, str], ...]]] = {
    Level.VIEWER: (),
    Level.SUBSCRIBER: (("subscriber", "12", "14"),),
    Level.VIP: (("vip", "1", ""),),
    Level.MODERATOR: (("moderator", "1", ""), ("subscriber", "12", "22")),
    Level.BROADCASTER: (("broadcaster", "1", ""), ("subscriber", "0", "35")),
}

Event = dict[str, Any]


def written(kind: str, id: str, sent_ms: float, payload: Mapping[str, Any], **metadata: str) -> str:
    """Any message, as the text of its frame."""
    head = {"message_id": id, "message_type": kind, "message_timestamp": timestamp(sent_ms), **metadata}
    return json.dumps({"metadata": head, "payload": payload})


def timestamp(ms: float) -> str:
    """RFC 3339 with nanoseconds, as everywhere in EventSub."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "321Z"


def session(id: str, status: str, sent_ms: float, **more: object) -> dict[str, Any]:
    """The payload of a welcome or a reconnect."""
    fields = {"id": id, "status": status, "connected_at": timestamp(sent_ms)}
    nulls = {"keepalive_timeout_seconds": None, "reconnect_url": None, "recovery_url": None}
    return {"session": {**fields, **nulls, **more}}


def subscription(
    id: str, type: str, condition: Mapping[str, str], session_id: str, *, status: str = "enabled"
) -> dict[str, Any]:
    """What every notification and revocation repeats of the subscription it belongs to."""
    transport = {"method": "websocket", "session_id": session_id}
    head = {"id": id, "status": status, "type": type, "version": "1", "cost": 0}
    return {**head, "condition": dict(condition), "transport": transport, "created_at": timestamp(0)}


def people(prefix: str, login: str) -> Event:
    """An account as events name it: three fields."""
    number = account_number(login)
    return {f"{prefix}_id": number, f"{prefix}_login": login.lower(), f"{prefix}_name": login}


def chat_message(
    channel: str, user: str, text: str, *, id: str, level: Level = Level.VIEWER, **changes: Any
) -> Event:
    """channel.chat.message. `changes` overwrites fields or adds some."""
    badges = [{"set_id": kind, "id": version, "info": info} for kind, version, info in _BADGES[level]]
    fragment = {"type": "text", "text": text, "cheermote": None, "emote": None, "mention": None}
    event = {
        **people("broadcaster_user", channel),
        **people("chatter_user", user),
        "message_id": id,
        "message": {"text": text, "fragments": [fragment]},
        "color": "#00FF7F",
        "badges": badges,
        "message_type": "text",
        "cheer": None,
        "reply": None,
        "channel_points_custom_reward_id": None,
        "source_broadcaster_user_id": None,
        "source_broadcaster_user_login": None,
        "source_broadcaster_user_name": None,
        "source_message_id": None,
        "source_badges": None,
        "is_source_only": None,
    }
    return {**event, **changes}


def message_delete(channel: str, user: str, id: str) -> Event:
    """channel.chat.message_delete."""
    return {**people("broadcaster_user", channel), **people("target_user", user), "message_id": id}


def clear_user_messages(channel: str, user: str) -> Event:
    """channel.chat.clear_user_messages: a ban or a time-out."""
    return {**people("broadcaster_user", channel), **people("target_user", user)}


def chat_clear(channel: str) -> Event:
    """channel.chat.clear."""
    return people("broadcaster_user", channel)


def ban(channel: str, user: str, moderator: str, sent_ms: float) -> Event:
    """channel.ban, for good."""
    how = {"reason": "", "banned_at": timestamp(sent_ms), "ends_at": None, "is_permanent": True}
    accounts = (
        people("user", user) | people("broadcaster_user", channel) | people("moderator_user", moderator)
    )
    return {**accounts, **how}


def redemption(
    channel: str, user: str, title: str, cost: int, said: str, *, id: str, sent_ms: float
) -> Event:
    """channel.channel_points_custom_reward_redemption.add."""
    reward = {"id": f"{id[:8]}-reward", "title": title, "cost": cost, "prompt": "what chat reads"}
    how = {"id": id, "user_input": said, "status": "unfulfilled", "redeemed_at": timestamp(sent_ms)}
    return {**people("broadcaster_user", channel), **people("user", user), **how, "reward": reward}


def subscribed(channel: str, user: str, *, is_gift: bool = False) -> Event:
    """channel.subscribe."""
    accounts = people("user", user) | people("broadcaster_user", channel)
    return {**accounts, "tier": "1000", "is_gift": is_gift}


def resubscribed(channel: str, user: str, said: str, months: int) -> Event:
    """channel.subscription.message."""
    accounts = people("user", user) | people("broadcaster_user", channel)
    how = {"cumulative_months": months, "streak_months": None, "duration_months": 1}
    return {**accounts, "tier": "1000", "message": {"text": said, "emotes": None}, **how}


def gave(channel: str, user: str | None, total: int) -> Event:
    """channel.subscription.gift; from nobody in particular if `user` is None."""
    nobody = {"user_id": None, "user_login": None, "user_name": None}
    giver = nobody if user is None else people("user", user)
    how = {"total": total, "tier": "1000", "cumulative_total": None, "is_anonymous": user is None}
    return {**giver, **people("broadcaster_user", channel), **how}
