"""The stage every live figure is measured on: a chat server here, and relays, receiver and bot around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bench import actors
from bench.actors import Actor
from bench.world.twitch import LocalTwitch

# One button after the other, so that the tenth command of a button is that button's tenth press.
BUTTON_WORDS: Final = ("a", "b", "x", "y", "lb", "rb", "ls", "rs", "start", "back")
_JOIN_DEADLINE_S: Final = 30.0
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

    async def start_relay(self, place: int) -> None:
        """The same relay again, on the same port."""
        self.relays[place] = Actor(actors.relay, f"relay{place + 1}", self.ports[place])
        await asyncio.to_thread(self.relays[place].ready)


@asynccontextmanager
async def stage(relays: int, *, keep: bool) -> AsyncIterator[Stage]:
    """Everything up and connected. `keep` whether receiver and bot note every command."""
    chat = LocalTwitch(["bench"])
    await chat.start()
    cast: list[Actor] = []  # the relays; whoever plays them at the end is killed
    ends: list[Actor] = []
    try:
        cast += [Actor(actors.relay, f"relay{place + 1}", 0) for place in range(relays)]
        ports = [await asyncio.to_thread(actor.ready) for actor in cast]
        urls = tuple(f"ws://127.0.0.1:{port}" for port in ports)
        ends += [Actor(actors.receiver, urls, keep), Actor(actors.bot, urls, chat.url, keep)]
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


def chat_line(number: int, text: str) -> str:
    """A PRIVMSG as Twitch sends it, with all its tags, from one of sixty viewers."""
    user = number % 60
    return (
        f"@badge-info=subscriber/22;badges=subscriber/12;client-nonce=cd56193132f934ac71b4d5ac{number:08x};"
        f"color=#19E6E6;display-name=Viewer{user};emotes=;first-msg=0;flags=;"
        f"id=e9d998c3-36f1-430f-89ec-{number:012d};mod=0;returning-chatter=0;room-id=11148817;subscriber=1;"
        f"tmi-sent-ts=1594545155039;turbo=0;user-id={user + 1000};user-type= "
        f":viewer{user}!viewer{user}@viewer{user}.tmi.twitch.tv PRIVMSG #bench :{text}"
    )
