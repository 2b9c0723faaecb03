"""The seeded network: five paths that lose a tenth of the time in bursts, delay, reorder and duplicate."""

from __future__ import annotations

from collections import Counter

from bench.figures import Figure
from bench.world.simnet import ROUGH, World
from tunnel.events import Outcome, Resolved
from tunnel.frame import Frame

SEED = 20_261_120
_EVERY_MS = 10.0
_LATE_MS = 250.0


def measure(sequences: int) -> list[Figure]:
    """What became of `sequences`, one every 10 ms; the baseline is the same on a single path."""
    five, one = _run(5, sequences), _run(1, min(sequences, 5_000))
    count = min(sequences, 5_000)
    against = "one path"
    return [
        Figure(f"of {sequences:,} sequences in rough weather, played twice", five["twice"], "", limit=0),
        Figure(
            "  lost or dropped as stale",
            five["missing"] / sequences,
            "share",
            one["missing"] / count,
            against,
            0,
        ),
        Figure("  later than 250 ms", five["late"] / sequences, "share", one["late"] / count, against, 0.001),
    ]


def _run(paths: int, sequences: int) -> Counter[str]:
    world = World([ROUGH] * paths, SEED)
    world.run(1_000)

    def tap(now: float) -> None:
        date = int(now)
        world.sender.submit((Frame(1, 1300, date), Frame(1, 2300, date + 200)), now)

    for _ in range(sequences):
        world.act(tap)
        world.run(_EVERY_MS)
    world.run(12_000)
    applied = sum(
        isinstance(event, Resolved) and event.outcome is Outcome.APPLIED for event in world.sender_events
    )
    delays = [delay for times in world.played.values() for delay in times]
    return Counter(
        twice=sum(len(times) > 1 for times in world.played.values()),
        missing=sequences - min(applied, len(world.played)),
        late=sum(delay > _LATE_MS for delay in delays),
    )
