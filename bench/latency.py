"""From a chat line on a real WebSocket to the call of the device, at 100 commands/s over three relays.

The baseline is the same bytes through one bare relay, client to relay to client, with nothing done to them.
On either side every party is a process of its own. Both are measured in turns within one run, so that a
machine that slows down slows both. The mode is anarchy, set so that every input begins at once
(bench.setting).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from websockets.asyncio.client import connect

from bench import actors
from bench.actor import Actor, SharedClock
from bench.figures import Figure, percentile
from bench.stage import BUTTON_WORDS, Stage, chat_line, stage
from tunnel.wallclock import WallClock

RATE: Final = 100.0
ROUNDS: Final = 10
_SETTLE_S: Final = 0.3  # the last one arrives, the last press ends


async def measure(commands: int) -> list[Figure]:
    """`commands` in all, over ten rounds of baseline and tunnel in turn."""
    clock = SharedClock()
    bare = Actor(actors.bare_relay)
    port = await asyncio.to_thread(bare.ready)
    far = Actor(actors.bare_client, port)
    try:
        await asyncio.to_thread(far.ready)
        async with (
            stage(3, keep=True) as cast,
            connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as near,
        ):
            typed: list[float] = []
            sent: list[float] = []
            for _ in range(ROUNDS):
                await _round(clock, typed, commands // ROUNDS, near.send)
                await _round(clock, sent, commands // ROUNDS, _say(cast))
            baseline = [there - here for here, there in zip(typed, far.ask(), strict=True)]
            return _figures(baseline, sent, cast)
    finally:
        far.kill()
        bare.kill()


def _say(cast: Stage) -> Callable[[str], Awaitable[None]]:
    async def say(line: str) -> None:
        cast.chat.raw(line)

    return say


async def _round(
    clock: WallClock, sent: list[float], count: int, say: Callable[[str], Awaitable[None]]
) -> None:
    """`count` lines at the rate; when each was said is added to `sent`."""
    first = len(sent)
    start = clock.now()
    for number in range(first, first + count):
        await _until(start + (number - first) * 1000 / RATE, clock)
        sent.append(clock.now())
        await say(chat_line(number, _text(number)))
    await asyncio.sleep(_SETTLE_S)


async def _until(moment: float, clock: WallClock) -> None:
    wait = moment - clock.now()
    if wait > 0:
        await asyncio.sleep(wait / 1000)


def _text(number: int) -> str:
    return f"{BUTTON_WORDS[number % len(BUTTON_WORDS)]}50ms"


def _figures(baseline: list[float], sent: list[float], cast: Stage) -> list[Figure]:
    bot, receiver = cast.bot.read_notes(), cast.receiver.read_notes()
    arrived, submitted = [*bot["arrived"].values()], [*bot["submitted"].values()]
    played = [*receiver["played"].values()]
    if not len(sent) == len(submitted) == len(played):
        raise RuntimeError(f"of {len(sent)} lines {len(played)} were played: the delays cannot be told")
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
