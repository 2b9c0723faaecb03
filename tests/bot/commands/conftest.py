from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from bot.chat.line import ChatLine
from bot.commands.desk import Desk
from bot.commands.request import Request
from config.levels import Level


class FakeDesk:
    """Does nothing, and says what it was asked for: `lock(('a', 'b'))`."""

    words: tuple[str, ...] = ("a", "b", "start", "select", "up", "down", "left", "right")
    macro_names: tuple[str, ...] = ("#mash(b,n)",)
    game_names: tuple[str, ...] = ("island", "tower")

    def controls(self) -> tuple[str, ...]:
        return self.words

    def macros(self) -> tuple[str, ...]:
        return self.macro_names

    def games(self) -> tuple[str, ...]:
        return self.game_names

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name not in vars(Desk):
            raise AttributeError(name)
        return lambda *given: f"{name}({', '.join(map(repr, given))})"


@pytest.fixture
def desk() -> Any:
    return FakeDesk()


@pytest.fixture
def type_in() -> Callable[..., ChatLine]:
    """A line of Kim's: type_in("!me", Level.MODERATOR)."""
    ids = count(1)

    def build(text: str, level: Level = Level.VIEWER, user: str = "402") -> ChatLine:
        return ChatLine(f"id-{next(ids)}", user, "Kim", level, text, None, 0.0, "arcade", "kim")

    return build


@pytest.fixture
def ask(type_in: Callable[..., ChatLine]) -> Callable[..., Request]:
    """What a handler is given: the words after the command's name."""

    def build(rest: str = "", level: Level = Level.MODERATOR) -> Request:
        return Request(type_in(rest, level), rest, tuple(rest.split()), (), 1_000.0)

    return build
