from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from config.chats import Chat, IrcChat, LogChat, TerminalChat


@pytest.mark.parametrize(
    ("chat", "expected"),
    [
        ({"source": "irc", "channel": "#Foo_1"}, IrcChat(channel="foo_1")),
        ({"source": "irc", "channel": "a", "nick": "Bot"}, IrcChat(channel="a", nick="bot")),
        ({"source": "log", "file": "chat.log", "speed": 0}, LogChat(file=Path("chat.log"), speed=0)),
        ({"source": "terminal", "name": "Ann"}, TerminalChat(name="Ann")),
    ],
)
def test_the_source_chooses_where_chat_comes_from(chat: dict[str, Any], expected: BaseModel) -> None:
    assert TypeAdapter(Chat).validate_python(chat) == expected


@pytest.mark.parametrize("channel", ["", "#", "##a", "a b", "a" * 26, "ä", "a-b", "a\n"])
def test_what_twitch_would_not_take_for_a_channel_is_refused(channel: str) -> None:
    with pytest.raises(ValidationError):
        IrcChat(channel=channel)
