"""Real ends, relays and routers: how soon two play, and join directly, and what it costs to try in vain.

The routers are Linux in network namespaces (bench/lab). No more pairs start at a time than there are cores;
those that have started still share them, so the times are upper bounds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.figures import Figure, percentile
from bench.lab.grid import PAIRS, home, winner
from bench.lab.idle import Idle, idle
from bench.lab.machines import LabError, why_not
from bench.lab.pair import Pair
from bench.lab.remote import TCP, UDP
from bench.lab.rules import Kind
from bench.lab.world import World, world

# As in tests/lab: most of a cell is waiting, but its beginning is two programs that start.
AT_ONCE: Final = 6
# A search is three rounds of three seconds. What did not succeed by then rests, and the start has failed.
_GIVE_UP_S: Final = 12.0


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of all starts between two kinds of network. Times in milliseconds from the later start.

    kind       the kind of direct path that should join them; None: none can
    direct_ms  of the starts that joined: until both ends had heard the other directly
    input_ms   of the starts that played at all: until the first input was played
    wrong      what happened that should not have
    why        what the sender says is in the way, where nothing joins
    """

    one: str
    other: str
    kind: str | None
    starts: int
    direct_ms: tuple[float, ...] = ()
    input_ms: tuple[float, ...] = ()
    wrong: tuple[str, ...] = ()
    why: str = ""


async def measure(starts: int, idle_s: float) -> list[Figure]:
    """`starts` of each cell that can be joined, one of each that cannot; `idle_s` seconds of trying in vain,
    at least a hundred for there to be a search among them, or 0.

    What each cell said goes to stderr, beside the progress. RuntimeError where there can be no laboratory.
    """
    reason = why_not()
    if reason is not None:
        raise RuntimeError(reason)
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as lab:
            relays = [(await lab.relay(network)).url for network in (lab.ipv4, lab.ipv4, lab.ipv6, lab.ipv6)]
            turns = asyncio.Semaphore(os.cpu_count() or 1)
            waste = asyncio.create_task(_waste(lab, relays[:2], idle_s, turns))
            cells = await _grid(lab, relays[:2], relays[2:], starts, turns)
            wasted = await waste
    for cell in cells:
        print(told(cell), file=sys.stderr)
    return [*figures(cells), *wasted]


def figures(cells: list[Cell]) -> list[Figure]:
    """The grid as a few figures."""
    able = [cell for cell in cells if cell.kind]
    unable = [cell for cell in cells if not cell.kind]
    joined = [len(cell.direct_ms) / cell.starts for cell in able]
    published = "libp2p's DCUtR in the wild, all kinds mixed"
    found = [
        Figure(f"of {able[0].starts} starts joined, worst of {len(able)} cells where it can be", min(joined),
               "share", 0.70, published, 1, at_least=True),
    ]  # fmt: skip
    for kind in (UDP, TCP):
        medians = [_median(cell.direct_ms) for cell in able if cell.kind == kind and cell.direct_ms]
        if medians:
            name = f"first datagram by {kind} after, median of the worst of {len(medians)} cells"
            found.append(Figure(name, max(medians), "ms", limit=1_000))
    inputs = [cell.input_ms for cell in able if cell.input_ms]
    if not inputs:
        raise RuntimeError("no input was played between any two homes of the laboratory")
    worst = max(map(_median, inputs))
    return [
        *found,
        Figure("first input over relays after, median of the worst cell", worst, "ms", limit=300),
        Figure("  the slowest start of all", max(map(max, inputs)), "ms"),
        Figure(f"cells of {len(unable)} where it cannot be that did not fail cleanly",
               sum(bool(cell.wrong) for cell in unable), "", limit=0),
    ]  # fmt: skip


def idle_figures(trying: Idle, resting: Idle) -> list[Figure]:
    """What an end sends and computes that tries for ever, and one that does not try beside it."""
    return [
        Figure("trying for ever where nothing can join sends", trying.bytes_per_s - resting.bytes_per_s,
               "B/s", limit=200),
        Figure("  the session's own heartbeats besides, over two relays", resting.bytes_per_s, "B/s"),
        Figure("trying for ever computes, of one core", (trying.cpu - resting.cpu) * 100, "%", limit=0.5),
        Figure("  the session itself besides", resting.cpu * 100, "%"),
    ]  # fmt: skip


def told(cell: Cell) -> str:
    """For people; `!` marks what was not expected."""
    kind = f"{len(cell.direct_ms)}/{cell.starts} {cell.kind}" if cell.kind else f"relayed ({cell.why})"
    times = f", {_median(cell.direct_ms):.0f} ms" if cell.direct_ms else ""
    inputs = f", first input {_median(cell.input_ms):.0f} ms" if cell.input_ms else ""
    wrong = "".join(f"\n  ! {line.splitlines()[0]}" for line in cell.wrong)
    return f"{cell.one} x {cell.other}: {kind}{times}{inputs}{wrong}"


def _median(times: Sequence[float]) -> float:
    return percentile(times, 0.5)


async def _grid(
    lab: World, relays: list[str], relays6: list[str], starts: int, turns: asyncio.Semaphore
) -> list[Cell]:
    """Every cell, some side by side; those that wait for a search to fail begin."""
    cells_at_once = asyncio.Semaphore(AT_ONCE)

    async def cell(one: str, other: str, kind: str | None, relays: list[str]) -> Cell:
        async with cells_at_once:
            start = partial(Pair, home(lab, one), home(lab, other), relays, turns=turns)
            if kind is None:
                return await _in_vain(one, other, start)
            return await _joining(one, other, kind, start, starts)

    cells = [(one, other, winner(one, other), relays) for one, other in PAIRS]
    cells.append((Kind.IPV6_ONLY, Kind.IPV6_ONLY, UDP, relays6))
    return await asyncio.gather(*[cell(*one) for one in sorted(cells, key=lambda cell: cell[2] or "")])


async def _joining(one: str, other: str, kind: str, start: Callable[[], Pair], starts: int) -> Cell:
    direct, inputs, wrong = [], [], []
    for _ in range(starts):
        try:
            async with start() as pair:
                await pair.inputs_flow(1, _GIVE_UP_S)
                inputs.append(pair.first_input_ms() or 0.0)
                await pair.direct_is_up(kind, _GIVE_UP_S)
                direct.append(pair.first_direct_ms(kind) or 0.0)
        except LabError as error:
            wrong.append(str(error))
    return Cell(one, other, kind, starts, tuple(direct), tuple(inputs), tuple(wrong))


async def _in_vain(one: str, other: str, start: Callable[[], Pair]) -> Cell:
    try:
        async with start() as pair:
            await pair.inputs_flow(1)
            pair.settled()
            first = pair.first_input_ms() or 0.0
            why = await pair.direct_is_given_up()
            await pair.nothing_was_lost_or_doubled()
    except LabError as error:
        return Cell(one, other, None, 1, wrong=(str(error),))
    wrong = () if why else ("nothing says why",)
    return Cell(one, other, None, 1, input_ms=(first,), wrong=wrong, why=why)


async def _waste(lab: World, relays: list[str], seconds: float, turns: asyncio.Semaphore) -> list[Figure]:
    """Two symmetric routers, which nothing joins: with direct paths looked for, and without."""
    if not seconds:
        return []
    homes = [home(lab, Kind.SYMMETRIC) for _ in range(4)]
    trying = partial(Pair, homes[0], homes[1], relays, turns=turns)
    resting = partial(Pair, homes[2], homes[3], relays, turns=turns, only_relays=True)
    return idle_figures(*await asyncio.gather(idle(trying, seconds), idle(resting, seconds)))
