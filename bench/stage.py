"""The stage every live figure is measured on: a chat server here, and relays, receiver and bot around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from bench import actors
from bench.actor import Actor
from bench.setting import AT_ONCE, Setting
from bench.world.twitch import LocalTwitch

# One button after the other, so that the tenth command of a button is that button's tenth press.
BUTTON_WORDS: Final = ("a", "b", "x", "y", "lb", "rb", "ls", "rs", "start", "back")
_JOIN_DEADLINE_S: Final = 30.0
# Under load Twitch puts several messages into one frame; at 10,000/s one turn of a loop brings five together.
LINES_PER_FRAME: Final = 5
LOOK_EVERY_S: Final = 1.0
_MEASURE_PATHS_S: Final = 0.5  # the first heartbeats tell both ends about the paths


@dataclass(slots=True)
class Stage:
    """The running cast."""

    chat: LocalTwitch
    receiver: Actor
    bot: Actor
    relays: list[Actor]
    ports: list[int]

    def kill_relay(self, place: int) -> None:
        """As a power cut would."""
        self.relays[place].kill()

    async def type_at(self, per_second: float, lines: Iterable[str]) -> float:
        """Types the lines at this rate, several to a frame. The seconds it took."""
        start = time.perf_counter()
        typing, typed = iter(lines), 0
        while frame := list(islice(typing, LINES_PER_FRAME)):
            ahead = start + typed / per_second - time.perf_counter()
            await asyncio.sleep(max(0.0, ahead))
            self.chat.raw("\r\n".join(frame))
            typed += len(frame)
        return time.perf_counter() - start

    async def stats(self) -> Any:
        """The bot's figures, now."""
        return (await asyncio.to_thread(self.bot.ask))["stats"]

    async def weigh_bot(self) -> float | None:
        """The bot's memory in MiB, where the system tells."""
        return await asyncio.to_thread(self.bot.weigh)

    async def settle(self, commands: int, deadline_s: float) -> None:
        """Until so many commands were taken and all of them have been answered for, within the deadline."""
        end = time.perf_counter() + deadline_s
        while time.perf_counter() < end:
            stats = await self.stats()
            if stats.commands >= commands and not stats.waiting and not stats.in_flight:
                return
            await asyncio.sleep(0.1)

    async def start_relay(self, place: int) -> None:
        """The same relay again, on the same port."""
        self.relays[place] = Actor(actors.relay, f"relay{place + 1}", self.ports[place])
        await asyncio.to_thread(self.relays[place].ready)


@asynccontextmanager
async def stage(relays: int, *, keep: bool, setting: Setting = AT_ONCE) -> AsyncIterator[Stage]:
    """Everything up and connected. `keep` whether receiver and bot note every command."""
    chat = LocalTwitch(["bench"])
    await chat.start()
    cast: list[Actor] = []  # the relays; whoever plays them at the end is killed
    ends: list[Actor] = []
    try:
        cast += [Actor(actors.relay, f"relay{place + 1}", 0) for place in range(relays)]
        ports = [await asyncio.to_thread(actor.ready) for actor in cast]
        urls = tuple(f"ws://127.0.0.1:{port}" for port in ports)
        ends += [
            Actor(actors.receiver, urls, keep, setting),
            Actor(actors.bot, urls, chat.url, keep, setting),
        ]
        for actor in ends:
            await asyncio.to_thread(actor.ready)
        async with asyncio.timeout(_JOIN_DEADLINE_S):
            await chat.joined(1, channel="bench")
        await asyncio.sleep(_MEASURE_PATHS_S)
        receiver, bot = ends
        yield Stage(chat, receiver, bot, cast, ports)
    finally:
        for actor in ends + cast:
            actor.kill()
        await chat.stop()


class Watch:
    """Looks at the bot once a second while `async with` lasts.

    in_flight  whether what is on its way counts as well as what waits
    most       the most that was found at once
    """

    def __init__(self, cast: Stage, *, in_flight: bool) -> None:
        self._cast = cast
        self._in_flight = in_flight
        self._watching: asyncio.Task[None] | None = None
        self.most = 0

    async def __aenter__(self) -> Watch:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._watching is not None, "it was entered"
        self._watching.cancel()
        await asyncio.wait({self._watching})
        if not self._watching.cancelled():
            self._watching.result()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            stats = await self._cast.stats()
            self.most = max(self.most, stats.waiting + (stats.in_flight if self._in_flight else 0))


def chat_line(number: int, text: str, viewers: int = 60) -> str:
    """A PRIVMSG as Twitch sends it, with all its tags, from one of so many viewers."""
    user = number % viewers
    return (
        f"@badge-info=subscriber/22;badges=subscriber/12;client-nonce=cd56193132f934ac71b4d5ac{number:08x};"
        f"color=#19E6E6;display-name=Viewer{user};emotes=;first-msg=0;flags=;"
        f"id=e9d998c3-36f1-430f-89ec-{number:012d};mod=0;returning-chatter=0;room-id=11148817;subscriber=1;"
        f"tmi-sent-ts=1594545155039;turbo=0;user-id={user + 1000};user-type= "
        f":viewer{user}!viewer{user}@viewer{user}.tmi.twitch.tv PRIVMSG #bench :{text}"
    )
