from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.world import eventsub_payloads as payloads
from bot.chat.eventsub_message import (
    Kind,
    Message,
    read_message,
    read_reconnect_url,
    read_session,
    read_subscription,
)
from bot.chat.fields import FieldError

HOME = "wss://eventsub.wss.twitch.tv/ws?keepalive_timeout_seconds=10"
AT_MS = 1_784_473_011_634.0


def message(kind: str, payload: dict[str, Any]) -> Message:
    return read_message(payloads.written(kind, "m-1", AT_MS, payload))


def test_a_welcome_as_documented() -> None:
    frame = """{"metadata": {"message_id": "5f1c", "message_type": "session_welcome",
        "message_timestamp": "2026-07-19T14:56:51.634234626Z"},
        "payload": {"session": {"id": "AgoQ", "status": "connected",
        "connected_at": "2026-07-19T14:56:51.616329898Z", "keepalive_timeout_seconds": 10,
        "reconnect_url": null}}}"""
    welcome = read_message(frame)
    assert (welcome.kind, welcome.id) == (Kind.WELCOME, "5f1c")
    session = read_session(welcome)
    assert (session.id, session.keepalive_ms) == ("AgoQ", 10_000.0)


def test_a_welcome_that_does_not_say_how_often_it_speaks_means_the_default() -> None:
    assert (
        read_session(message("session_welcome", payloads.session("s", "connected", AT_MS))).keepalive_ms
        == 10_000
    )


@pytest.mark.parametrize("seconds", [-1, "10", 601, True, 1.5])
def test_a_keepalive_time_that_is_none_is_refused(seconds: object) -> None:
    payload = payloads.session("s", "connected", AT_MS, keepalive_timeout_seconds=seconds)
    with pytest.raises(FieldError):
        read_session(message("session_welcome", payload))


def test_a_subscription_says_what_it_is_about() -> None:
    told = payloads.subscription("sub-1", "channel.ban", {}, "s", status="user_removed")
    subscription = read_subscription(message("revocation", {"subscription": told}))
    assert (subscription.id, subscription.type, subscription.status) == (
        "sub-1",
        "channel.ban",
        "user_removed",
    )


def reconnect(url: object) -> Message:
    return message("session_reconnect", payloads.session("s", "reconnecting", AT_MS, reconnect_url=url))


@pytest.mark.parametrize(
    "url",
    [
        "wss://eventsub.wss.twitch.tv/ws?challenge=a&id=b",
        "wss://cell-a.eventsub.wss.twitch.tv/ws?challenge=a4749afd&id=AgoQ9Oav",
    ],
)
def test_a_reconnect_address_of_twitch_s_comes_through_untouched(url: str) -> None:
    assert read_reconnect_url(reconnect(url), HOME) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        7,
        "ws://eventsub.wss.twitch.tv/ws",
        "wss://twitch.tv/ws",
        "wss://eventsub.wss.twitch.tv.example/ws",
        "wss://notreallyeventsub.wss.twitch.tv/ws",
        "wss://evil.example/eventsub.wss.twitch.tv",
        "wss://[/ws",
        "wss://eventsub.wss.twitch.tv/" + "x" * 2_000,
    ],
)
def test_an_address_that_leads_away_is_refused(url: object) -> None:
    with pytest.raises(FieldError):
        read_reconnect_url(reconnect(url), HOME)


@pytest.mark.parametrize("missing", ["message_id", "message_type", "message_timestamp"])
def test_half_a_head_is_none(missing: str) -> None:
    document = json.loads(payloads.written("session_keepalive", "m", AT_MS, {}))
    del document["metadata"][missing]
    with pytest.raises(FieldError):
        read_message(json.dumps(document))


def test_a_kind_that_nobody_documents_is_refused() -> None:
    with pytest.raises(FieldError, match="no known kind"):
        message("session_party", {})


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_message_or_refused(frame: str) -> None:
    with pytest.raises(FieldError):
        read_message(frame)
