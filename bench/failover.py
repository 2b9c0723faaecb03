"""Relays killed under load, as a power cut would: four of five one after another, then all of them."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bench.figures import Figure, percentile
from bench.stage import BUTTON_WORDS, Stage, chat_line, stage

RATE: Final = 200.0
RELAYS: Final = 5
STALE_MS: Final = 1_500.0
_STEP_S: Final = 1.5
_SETTLE_S: Final = 3.0  # twice the age at which an input is dropped: what was to be played has been
_DARK_S: Final = 4.0
_RETURN_DEADLINE_S: Final = 20.0


async def measure() -> list[Figure]:
    """Both stories, with real processes."""
    async with stage(RELAYS, keep=True) as cast:
        typist = _Typist(cast)
        typing = asyncio.create_task(typist.type_for_ever())
        try:
            for place in range(RELAYS - 1):
                await asyncio.sleep(_STEP_S)
                await asyncio.to_thread(cast.kill_relay, place)
            await asyncio.sleep(2 * _STEP_S)
            typing.cancel()
            await asyncio.sleep(_SETTLE_S)
            survived = _survived(cast, typist.typed)
            return [*survived, *await _all_killed(cast, typist)]
        finally:
            typing.cancel()


class _Typist:
    """Types one command every five milliseconds."""

    def __init__(self, cast: Stage) -> None:
        self._cast = cast
        self.typed = 0

    async def type_for_ever(self) -> None:
        start = time.perf_counter() - self.typed / RATE
        while True:
            ahead = start + self.typed / RATE - time.perf_counter()
            await asyncio.sleep(max(0.0, ahead))
            word = BUTTON_WORDS[self.typed % len(BUTTON_WORDS)]
            self._cast.chat.raw(chat_line(self.typed, f"{word}40ms"))
            self.typed += 1


def _survived(cast: Stage, typed: int) -> list[Figure]:
    noted, receiver = cast.bot.read_notes(), cast.receiver.ask()
    delays = [played - noted["submitted"][id] for id, played in noted["played"].items()]
    return [
        Figure(
            f"four of five relays killed under {RATE:.0f}/s, not played",
            typed - receiver["played"],
            "",
            limit=0,
        ),
        Figure("  played twice", receiver["doubled"], "", limit=0),
        Figure(
            "  slowest from bot to device",
            percentile(delays, 1.0),
            "ms",
            percentile(delays, 0.5),
            "their median",
            STALE_MS,
        ),
    ]


async def _all_killed(cast: Stage, typist: _Typist) -> list[Figure]:
    """The last relay dies while a button is held for long; then one comes back, and later the others."""
    cast.chat.raw(chat_line(10_000_000, "y5s"))
    await asyncio.sleep(0.3)
    held_before = cast.receiver.ask()["held"]
    await asyncio.to_thread(cast.kill_relay, RELAYS - 1)
    await asyncio.sleep(_DARK_S)
    held = cast.receiver.ask()["held"]
    played = cast.receiver.ask()["played"]
    typing = asyncio.create_task(typist.type_for_ever())
    await cast.start_relay(0)
    start = time.perf_counter()
    while await _played(cast) == played and time.perf_counter() - start < _RETURN_DEADLINE_S:
        pass
    back = time.perf_counter() - start
    for place in range(1, RELAYS):
        await cast.start_relay(place)
    typing.cancel()
    return [
        Figure("all five killed: buttons still held after four seconds", held.bit_count(), "",
               held_before.bit_count(), "before", 0),
        Figure("  first input after the first relay's return", back, "s", limit=3.0),
    ]  # fmt: skip


async def _played(cast: Stage) -> int:
    played: int = (await asyncio.to_thread(cast.receiver.ask))["played"]
    return played
