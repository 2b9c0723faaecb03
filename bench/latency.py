"""From a chat line on a real WebSocket to the call of the device, at 100 commands/s over three relays.

The baseline is the same bytes through one bare relay, client to relay to client, with nothing done to them.
Both are measured in turns within one run, so that a machine that slows down slows both.
"""

from __future__ import annotations

import asyncio
from typing import Final

from websockets.asyncio.client import ClientConnection, connect

from bench import actors
from bench.actors import Actor, SharedClock
from bench.figures import Figure, percentile
from bench.stage import BUTTON_WORDS, Stage, chat_line, stage
from config.codes import BUTTONS, Control
from tunnel.wallclock import WallClock

RATE: Final = 100.0
ROUNDS: Final = 10
_DEADLINE_S: Final = 30.0


async def measure(commands: int) -> list[Figure]:
    """`commands` in all, over ten rounds of baseline and tunnel in turn."""
    clock = SharedClock()
    bare = Actor(actors.bare_relay)
    port = await asyncio.to_thread(bare.ready)
    try:
        async with (
            stage(3, keep=True) as cast,
            connect(f"ws://127.0.0.1:{port}", compression=None) as near,
            connect(f"ws://127.0.0.1:{port}", compression=None) as far,
        ):
            baseline: list[float] = []
            sent: list[float] = []
            per_round = commands // ROUNDS
            for number in range(ROUNDS):
                baseline += await _bare_round(near, far, clock, number * per_round, per_round)
                await _tunnel_round(cast, clock, sent, per_round)
            return _figures(baseline, sent, cast)
    finally:
        bare.kill()


async def _bare_round(
    near: ClientConnection, far: ClientConnection, clock: WallClock, first: int, count: int
) -> list[float]:
    delays: list[float] = []
    sent: list[float] = []

    async def receive() -> None:
        for number in range(count):
            await far.recv()
            delays.append(clock.now() - sent[number])

    receiving = asyncio.create_task(receive())
    start = clock.now()
    for number in range(count):
        await _until(start + number * 1000 / RATE, clock)
        sent.append(clock.now())
        await near.send(chat_line(first + number, _text(first + number)) + "\r\n")
    await asyncio.wait_for(receiving, _DEADLINE_S)
    return delays


async def _tunnel_round(cast: Stage, clock: WallClock, sent: list[float], count: int) -> None:
    first = len(sent)
    start = clock.now()
    for number in range(first, first + count):
        await _until(start + (number - first) * 1000 / RATE, clock)
        sent.append(clock.now())
        cast.chat.raw(chat_line(number, _text(number)))
    await asyncio.sleep(0.3)  # the last presses end


async def _until(moment: float, clock: WallClock) -> None:
    wait = moment - clock.now()
    if wait > 0:
        await asyncio.sleep(wait / 1000)


def _text(number: int) -> str:
    return f"{BUTTON_WORDS[number % len(BUTTON_WORDS)]}50ms"


def _figures(baseline: list[float], sent: list[float], cast: Stage) -> list[Figure]:
    bot, receiver = cast.bot.ask(), cast.receiver.ask()
    presses: dict[int, list[float]] = {}
    for button, moment in zip(receiver["buttons"], receiver["moments"], strict=True):
        presses.setdefault(button, []).append(moment)
    counted = sum(len(moments) for moments in presses.values())
    if not len(sent) == len(bot["submitted"]) == counted:
        raise RuntimeError(f"of {len(sent)} lines {counted} were played: the delays cannot be told")
    played = []
    for number in range(len(sent)):
        button = BUTTONS.index(Control[BUTTON_WORDS[number % len(BUTTON_WORDS)].upper()])
        played.append(presses[button][number // len(BUTTON_WORDS)])
    arrived, submitted = bot["arrived"], bot["submitted"]
    whole = [p - s for p, s in zip(played, sent, strict=True)]
    stages = {
        "  of it: chat server to bot": [a - s for a, s in zip(arrived, sent, strict=True)],
        "  of it: read, judged, submitted": [b - a for a, b in zip(arrived, submitted, strict=True)],
        "  of it: signed, sealed, relayed, opened, played": [
            p - b for b, p in zip(submitted, played, strict=True)
        ],
    }
    bare = "one bare relay"
    figures = [
        Figure("chat line to device call, median", percentile(whole, 0.5), "ms",
               percentile(baseline, 0.5), bare, 2.2, ratio=True),
        Figure("chat line to device call, 99th percentile", percentile(whole, 0.99), "ms",
               percentile(baseline, 0.99), bare, 3.0, ratio=True),
    ]  # fmt: skip
    for name, values in stages.items():
        figures.append(Figure(f"{name}, median", percentile(values, 0.5), "ms"))
    return figures
