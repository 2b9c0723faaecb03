from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from bot.chat.line import ChatLine
from bot.grammar import Language, Parsed, parse
from bot.modes.mode import Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from config.controllers import Controller
from config.levels import Level


@pytest.fixture(scope="session")
def read(xbox: Controller) -> Callable[[str], Parsed]:
    """What an input does on the xbox controller, four pads: read("a+b")."""
    language = Language(xbox, pads=4)

    def build(text: str) -> Parsed:
        parsed = parse(text, language)
        assert isinstance(parsed, Parsed), f"{text} is no input: {parsed}"
        return parsed

    return build


@pytest.fixture
def rules(xbox: Controller, read: Callable[[str], Parsed]) -> GameRules:
    """Those of a game that `start` pauses."""
    return GameRules(xbox, pause=read("start"))


@pytest.fixture
def stage() -> Stage:
    """Four pads, nothing on them."""
    return Stage(4)


@pytest.fixture
def line() -> Callable[..., ChatLine]:
    """Builds a chat line: line("ada"), line("ada", "left2", at=1_000); every line has an id of its own."""
    ids = count(1)

    def build(user: str = "ada", text: str = "a", at: float = 0.0, level: Level = Level.VIEWER) -> ChatLine:
        return ChatLine(
            id=f"message-{next(ids)}",
            user=user,
            name=user.title(),
            level=level,
            text=text,
            sent_ms=None,
            arrived_ms=at,
            room="arcade",
        )

    return build


@pytest.fixture
def offer(line: Callable[..., ChatLine], read: Callable[[str], Parsed]) -> Callable[..., Offer]:
    """Builds an offer: offer("a"), offer("left2 down2", "ada", at=1_000), offer("a", pad=2)."""

    def build(
        text: str = "a", user: str = "ada", at: float = 0.0, level: Level = Level.VIEWER, pad: int = 1
    ) -> Offer:
        parsed = read(text)
        return Offer(line(user, text, at, level), parsed if pad == 1 else parsed.on_pad(pad))

    return build
