from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from bot.chat.line import ChatLine
from config.controllers import Controller, load_controller
from config.levels import Level


@pytest.fixture(scope="session")
def xbox() -> Controller:
    return load_controller("xbox")


@pytest.fixture
def say() -> Callable[..., ChatLine]:
    """Builds a chat line: say("a"), say("a", user="ada"); every line has an id of its own."""
    ids = count(1)

    def build(text: str, user: str = "ada", id: str | None = None) -> ChatLine:
        return ChatLine(
            id=id or f"message-{next(ids)}",
            user=user,
            name=user.title(),
            level=Level.VIEWER,
            text=text,
            sent_ms=None,
            arrived_ms=0.0,
            room="arcade",
        )

    return build
