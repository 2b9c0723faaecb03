"""Each mode under 1,000 commands/s from 250 viewers, from a chat server's socket to the receiver.

The modes are set as people find them. So what they pass over is most of it: eight at a time is what anarchy
plays, and one what the others do. The figures say how much that is by the mode's own count, that nothing else
is lost, and that nothing piles up.

The delay is that from the bot having a line to the receiver playing what came of it. Where chat votes, it is
that of the winner's first vote: about as long as a window, and in `step` up to the press that lets the game
go on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, Final

from bench.figures import Figure, percentile
from bench.setting import Setting
from bench.stage import Stage, Watch, chat_line, stage
from config.play import ModeName, ModesConfig

RATE: Final = 1_000
VIEWERS: Final = 250
RELAYS: Final = 3
QUEUE: Final = 1_000  # the most that may wait, as config.model has it
# Memory is read after this long and at the end.
EARLY_S: Final = 10.0
MOST_GROWTH_MIB: Final = 2.0
# The longest window that chat votes in, twice: one that is open, and the winner's time to be played.
_SETTLE_S: Final = 30.0
_SEED: Final = 1

SETTINGS: Final[dict[ModeName, Setting]] = {
    "anarchy": Setting(ModesConfig(start="anarchy")),
    "democracy": Setting(ModesConfig(start="democracy")),
    "turns": Setting(ModesConfig(start="turns")),
    "teams": Setting(ModesConfig(start="teams"), pads=2),
    "step": Setting(ModesConfig(start="step"), game="platformer"),  # a game that can be paused
}
# What every controller has, and nobody may not press. Most of it is short: chat plays, it does not drive.
TYPED: Final = (
    "a", "a", "a", "b", "b", "up", "down", "left", "left", "right", "right", "right", "x", "y", "a+right",
    "right500ms", "left300ms", "b1s", "down down a", "left2", "[a #100ms]*2", "_b right300ms -b",
)  # fmt: skip


async def measure(seconds: float, warm_up_s: float) -> list[Figure]:
    """All modes, `seconds` each after warming up. Memory is compared if that is longer than `EARLY_S`.

    warm_up_s  10 fill whatever is bounded: the ids of messages take 8 s at this rate, all else is sooner full
    """
    figures: list[Figure] = []
    for mode, setting in SETTINGS.items():
        async with stage(RELAYS, keep=True, setting=setting) as cast:
            figures += figures_of(mode, await _run(cast, seconds, warm_up_s))
    return figures


@dataclass(frozen=True, slots=True)
class Run:
    """What was seen of one mode.

    typed     all commands, those of the warming up among them
    rate      commands a second, as they were typed
    most      the most that waited at any second
    mib       the bot's memory early and at the end; None where it was not read
    stats     the bot's own figures, after all had settled
    receiver  the receiver's
    delays    from line to play, in milliseconds
    """

    typed: int
    rate: float
    most: int
    mib: tuple[float, float] | None
    stats: Any
    receiver: dict[str, Any]
    delays: list[float]


async def _run(cast: Stage, seconds: float, warm_up_s: float) -> Run:
    lines = _lines()
    early_s = min(EARLY_S, seconds)
    parts = [int(RATE * part_s) for part_s in (warm_up_s, early_s, seconds - early_s)]
    weights: list[float | None] = []
    async with Watch(cast, in_flight=False) as watch:
        await cast.type_at(RATE, islice(lines, parts[0]))
        lasted = 0.0
        for part in parts[1:]:
            lasted += await cast.type_at(RATE, islice(lines, part))
            weights.append(await cast.weigh_bot())
    await cast.settle(sum(parts), _SETTLE_S)
    arrived, played = cast.bot.read_notes()["arrived"], cast.receiver.read_notes()["played"]
    early, late = weights
    return Run(
        typed=sum(parts),
        rate=sum(parts[1:]) / lasted,
        most=watch.most,
        mib=None if early is None or late is None or seconds <= EARLY_S else (early, late),
        stats=await cast.stats(),
        receiver=cast.receiver.ask(),
        delays=[played[id] - arrived[id] for id in sorted(arrived.keys() & played.keys())],
    )


def _lines() -> Iterator[str]:
    dice = random.Random(_SEED)
    for number in count():
        yield chat_line(number, dice.choice(TYPED), VIEWERS)


def figures_of(mode: str, run: Run) -> list[Figure]:
    """What the promises make of it."""
    stats, played = run.stats, run.receiver["played"]
    lost = run.typed + stats.prompted - stats.passed_over - played
    figures = [
        Figure(f"{mode}: commands/s typed", run.rate, "/s", limit=RATE * 0.99, at_least=True),
        Figure(
            f"  {mode}: commands taken", stats.commands, "", run.typed, "typed", 1, ratio=True, at_least=True
        ),
        Figure(f"  {mode}: sequences played", played, ""),
        Figure(f"  {mode}: passed over by the mode", stats.passed_over, "", stats.commands, "taken"),
        Figure(f"  {mode}: lost besides", abs(lost), "", limit=0),
        Figure(f"  {mode}: not accounted for by the bot", _unaccounted(stats), "", limit=0),
        Figure(f"  {mode}: played twice", run.receiver["doubled"], "", limit=0),
        Figure(f"  {mode}: most that waited at any second", run.most, "", limit=QUEUE),
    ]
    if run.mib is not None:
        early, late = run.mib
        name = f"  {mode}: growth of the bot's memory after {EARLY_S:g} s"
        figures.append(Figure(name, late - early, "MiB", limit=MOST_GROWTH_MIB))
    if run.delays:
        median, slow = percentile(run.delays, 0.5), percentile(run.delays, 0.99)
        figures.append(Figure(f"  {mode}: line to play, median", median, "ms"))
        figures.append(Figure(f"  {mode}: line to play, 99th percentile", slow, "ms"))
    return figures


def _unaccounted(stats: Any) -> int:
    """As bot.observer.BotStats has it: commands and prompted together are what became of them."""
    became = (
        stats.passed_over + stats.shed + stats.late + stats.cancelled + stats.applied + stats.stale
        + stats.declined + stats.lost + stats.waiting + stats.in_flight
    )  # fmt: skip
    return int(abs(stats.commands + stats.prompted - became))
