from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from config.chats import Chat, EventSubChat, IrcChat, LogChat, TerminalChat, TwitchChat


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        ({"source": "irc", "channel": "#Foo_1"}, IrcChat(channel="foo_1")),
        ({"source": "irc", "channel": "a", "nick": "Bot"}, IrcChat(channel="a", nick="bot")),
        ({"source": "log", "file": "chat.log", "speed": 0}, LogChat(file=Path("chat.log"), speed=0)),
        ({"source": "terminal", "name": "Ann"}, TerminalChat(name="Ann")),
        (
            {"source": "eventsub", "channel": "#Foo_1", "login": "twitch.login"},
            EventSubChat(channel="foo_1", login=Path("twitch.login")),
        ),
        (
            {"source": "twitch", "channel": "a", "login": "twitch.login", "shared_chat": True},
            TwitchChat(channel="a", login=Path("twitch.login"), shared_chat=True),
        ),
    ],
)
def test_the_source_chooses_where_chat_comes_from(chat: dict[str, Any], expected: BaseModel) -> None:
    assert TypeAdapter(Chat).validate_python(chat) == expected


@pytest.mark.parametrize("channel", ["", "#", "##a", "a b", "a" * 26, "ä", "a-b", "a\n"])
def test_what_twitch_would_not_take_for_a_channel_is_refused(channel: str) -> None:
    with pytest.raises(ValidationError):
        IrcChat(channel=channel)


@pytest.mark.parametrize("model", [EventSubChat, TwitchChat])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"login": "oauth:abcdefghijklmnopqrstuvwxyz0123"},
        {"login": "l", "api_url": "wss://api.example/"},
        {"login": "l", "id_url": "ftp://id.example/"},
        {"login": "l", "socket_url": "https://eventsub.example/ws"},
    ],
)
def test_a_source_with_a_login_needs_a_file_and_real_addresses(
    model: type[BaseModel], fields: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        model.model_validate({"channel": "a", **fields})
