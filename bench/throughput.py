"""How much goes through: 10,000 commands/s for a while, and what a million of them leaves behind in
memory.
"""

from __future__ import annotations

from typing import Final

from bench.figures import Figure
from bench.stage import BUTTON_WORDS, Stage, Watch, chat_line, stage

RATE: Final = 10_000
_SETTLE_S: Final = 15.0


async def measure(seconds: float, millions: float) -> list[Figure]:
    """The sustained rate over `seconds`, then `millions` of commands on the same processes for memory; none
    of the latter if that is no more than the first part typed already.

    The mode is anarchy, set so that every input begins at once (bench.setting): the figure is about the way.
    """
    async with stage(3, keep=False) as cast:
        lasted, waiting = await _load(cast, int(RATE * seconds), 0)
        figures = [*_outcomes(cast, int(RATE * seconds), lasted, waiting)]
        figures += await _memory(cast, int(RATE * seconds), int(millions * 1_000_000))
        return figures


async def _load(cast: Stage, count: int, first: int) -> tuple[float, int]:
    """Types `count` commands at the rate; returns how long it took and the most that ever waited."""
    texts = BUTTON_WORDS
    lines = (chat_line(number, texts[number % len(texts)]) for number in range(first, first + count))
    async with Watch(cast, in_flight=True) as watch:
        lasted = await cast.type_at(RATE, lines)
    await cast.settle(first + count, _SETTLE_S)
    return lasted, watch.most


def _outcomes(cast: Stage, count: int, lasted: float, waiting: int) -> list[Figure]:
    stats, receiver = cast.bot.ask()["stats"], cast.receiver.ask()
    return [
        Figure(
            "commands/s sustained, three relays",
            stats.applied / lasted,
            "/s",
            limit=RATE * 0.99,
            at_least=True,
        ),
        Figure("  of them not played", count - stats.applied, "", limit=0),
        Figure("  of them played twice", receiver["doubled"], "", limit=0),
        Figure("  most waiting or in flight at any second", waiting, "", limit=2048),
    ]


async def _memory(cast: Stage, done: int, goal: int) -> list[Figure]:
    """Resident memory of both ends after a tenth of the goal, and after all of it."""
    tenth = max(done, goal // 10)
    if goal <= tenth:
        return []  # nothing would lie between the two readings
    if tenth > done:
        await _load(cast, tenth - done, done)
    early = (cast.bot.weigh(), cast.receiver.weigh())
    await _load(cast, goal - tenth, tenth)
    late = (cast.bot.weigh(), cast.receiver.weigh())
    figures = []
    for name, before, after in zip(("bot", "receiver"), early, late, strict=True):
        if before is None or after is None:
            continue
        figures.append(
            Figure(
                f"memory of the {name} after {goal:,} commands", after, "MiB", before, f"after {tenth:,}", 100
            )
        )
        figures.append(Figure("  growth since then", after - before, "MiB", limit=2))
    return figures
