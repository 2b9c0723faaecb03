from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import NOTHING_REMEMBERED, Assembled, assemble
from bot.changes import Change
from bot.chat.limits import NO_LIMITS, SendingLimits
from bot.chat.line import ChatLine, SourceState
from bot.modes.mode import Choice
from bot.observer import Observer
from bot.store import Memory
from config.controllers import Controller, load_controller
from config.levels import Level
from config.model import BotConfig
from config.views import ModeView
from tunnel.events import Connected
from tunnel.frame import Frame, SequenceId


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


class World(Observer):
    """The tunnel, the chat and the store around a flow, in one."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.submitted: list[tuple[Frame, ...]] = []
        self.cancelled: list[tuple[SequenceId, ...]] = []
        self.notes: list[int] = []
        self.said: list[tuple[str, str]] = []
        self.changes: list[Change] = []
        self.chosen: list[Choice] = []
        self.views: list[ModeView] = []
        self.states: list[SourceState] = []

    def submit(self, frames: tuple[Frame, ...]) -> SequenceId:
        self.submitted.append(frames)
        return SequenceId(len(self.submitted))

    def cancel(self, ids: Iterable[SequenceId]) -> None:
        self.cancelled.append(tuple(ids))

    def send_note(self, kind: int, body: bytes) -> None:
        self.notes.append(kind)

    @property
    def can_say(self) -> bool:
        return True

    @property
    def limits(self) -> SendingLimits:
        return NO_LIMITS

    def say(self, text: str, reply_to: str = "") -> None:
        self.said.append((text, reply_to))

    def command(self, choice: Choice, id: SequenceId) -> None:
        self.chosen.append(choice)

    def source(self, state: SourceState) -> None:
        self.states.append(state)

    def mode(self, view: ModeView) -> None:
        self.views.append(view)

    @property
    def pressed(self) -> list[int]:
        """The first integer of everything that left."""
        return [frames[0].value for frames in self.submitted]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def build(world: World, tmp_path: Path) -> Callable[..., Assembled]:
    """A bot's parts, whose receiver answers; keyword arguments are keys of its configuration."""

    def make(
        *,
        memory: Memory = NOTHING_REMEMBERED,
        voice: bool = True,
        game: str = "",
        game_name: str = "",
        **changed: Any,
    ) -> Assembled:
        settings: dict[str, Any] = {
            "identity": tmp_path / "bot.key",
            "receiver": "02" + "1" * 64,
            "relays": ("ws://127.0.0.1:1",),
            "chat": {"source": "irc", "channel": "arcade"},
            "limits": {"per_user_per_second": 0, "global_per_second": 0},
            "labels": False,
        }
        if game:
            (tmp_path / "game.yaml").write_text(game)
            settings["game"] = tmp_path / "game.yaml"
        if game_name:
            settings["game"] = game_name
        config = BotConfig.model_validate(settings | changed)
        parts = assemble(
            config,
            world,
            now=0.0,
            memory=memory,
            voice=world if voice else None,
            observer=world,
            on_change=world.changes.append,
        )
        parts.flow.handle_event(Connected(fresh=True))
        return parts

    return make
