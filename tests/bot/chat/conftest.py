from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.world.eventsub import LocalEventSub
from bench.world.helix import LocalHelix
from bench.world.twitch_lines import account_number
from bot.chat.eventsub_source import EventSubSource
from bot.chat.eventsub_wishes import SCOPES
from bot.chat.line import ChatEvent, ChatLine, ChatSource, SourceState
from bot.chat.tokens import Login, Tokens, write

# Shaped like the lines Twitch sends; names, numbers and ids are made up.
TAGS = {
    "badge-info": "",
    "badges": "",
    "client-nonce": "5f3b1d6a0c9e4b7788aa00ff12cd34ef",
    "color": "#1E90FF",
    "display-name": "Ada",
    "emotes": "",
    "first-msg": "0",
    "flags": "",
    "id": "",
    "mod": "0",
    "returning-chatter": "0",
    "room-id": "700100200",
    "subscriber": "0",
    "tmi-sent-ts": "1760000000123",
    "turbo": "0",
    "user-id": "400500600",
    "user-type": "",
}


@pytest.fixture
def privmsg() -> Callable[..., str]:
    """Writes a line as Twitch does: privmsg("left", user_id="7"). A tag of None is left out."""
    ids = count(1)

    def write(text: str, *, login: str = "ada", channel: str = "arcade", **changes: str | None) -> str:
        tags: dict[str, str | None] = {**TAGS, "id": f"{next(ids):08x}-0000-4000-8000-00000000beef"}
        tags |= {key.replace("_", "-"): value for key, value in changes.items()}
        written = ";".join(f"{key}={value}" for key, value in tags.items() if value is not None)
        return f"@{written} :{login}!{login}@{login}.tmi.twitch.tv PRIVMSG #{channel} :{text}"

    return write


class Listener:
    """Follows a source and keeps what it says."""

    def __init__(self, source: ChatSource) -> None:
        self.events: list[ChatEvent] = []
        self._source = source
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async with contextlib.aclosing(self._source.events()) as batches:
            async for batch in batches:
                self.events += batch
                self._news.set()

    async def until(self, condition: Callable[[list[ChatEvent]], bool]) -> None:
        """Waits for it; the test's own deadline is the limit."""
        while not condition(self.events):
            assert not self._task.done(), self._task
            self._news.clear()
            await self._news.wait()

    async def hear(self, text: str) -> None:
        """Waits for a line of chat."""
        await self.until(lambda _: text in self.texts)

    async def told(self, piece: str) -> SourceState:
        """Waits for a sentence that holds this."""
        await self.until(lambda _: any(piece in state.text for state in self.states))
        return next(state for state in self.states if piece in state.text)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, ChatLine)]

    @property
    def states(self) -> list[SourceState]:
        return [event for event in self.events if isinstance(event, SourceState)]

    async def eventually(self, condition: Callable[[], bool]) -> None:
        """Waits for something that no event tells of."""
        for _ in range(3_000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came to that")

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Twitch:
    """Both halves of the local Twitch, and a login file that is good there."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.eventsub = LocalEventSub("arcade", **options)
        self.helix = LocalHelix(self.eventsub, accounts=("helper",))
        self.file = folder / "twitch.login"

    def log_in(self, user: str = "arcade", scopes: Iterable[str] = tuple(SCOPES)) -> None:
        access, refresh = self.helix.grant(user, scopes)
        tokens = Tokens(access, refresh, frozenset(scopes))
        write(self.file, Login(self.helix.client_id, account_number(user), user, tokens))

    def source(self, **options: Any) -> EventSubSource:
        urls = {"api_url": self.helix.api_url, "id_url": self.helix.id_url, "socket_url": self.eventsub.url}
        return EventSubSource(**{"channel": "#Arcade", "login_file": self.file, **urls, **options})


TwitchWorld = Callable[..., contextlib.AbstractAsyncContextManager[Twitch]]


@pytest.fixture
def twitch_world(tmp_path: Path) -> TwitchWorld:
    """`async with twitch_world() as twitch`: it runs, and somebody has logged in."""

    @contextlib.asynccontextmanager
    async def world(
        user: str = "arcade", scopes: Iterable[str] = tuple(SCOPES), **options: Any
    ) -> AsyncIterator[Twitch]:
        twitch = Twitch(tmp_path, **options)
        await twitch.eventsub.start()
        await twitch.helix.start()
        twitch.log_in(user, scopes)
        try:
            yield twitch
        finally:
            await twitch.eventsub.stop()
            await twitch.helix.stop()

    return world


@pytest.fixture
def listener() -> type[Listener]:
    return Listener
