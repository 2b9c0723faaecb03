"""The winning path dies under load, and nobody is told: what becomes of the inputs that were on their way.

Simulated (bench.world.simnet), many worlds, each with its own dice: one direct path of some 4 ms and four
relays of 20 to 35 ms. The same on real networks is in the laboratory's chapter.
"""

from __future__ import annotations

from typing import Final

from bench.figures import Figure, percentile
from bench.world.simnet import Weather, World
from tunnel.frame import Frame

RATE: Final = 200.0
_DIRECT: Final = Weather(delay=4.0, spread=1.0)
_RELAYS: Final = [Weather(delay=delay, spread=3.0) for delay in (20.0, 25.0, 30.0, 35.0)]
_SETTLE_MS: Final = 1_500.0  # long enough for every path to be known
_BEFORE_MS: Final = 1_000.0
_AFTER_MS: Final = 1_000.0
_END_MS: Final = 12_000.0  # past the age at which an input would be given up
SEED: Final = 20_261_121


def measure(worlds: int) -> list[Figure]:
    """So many deaths."""
    missing = twice = 0
    added: list[float] = []
    timers: list[float] = []
    for number in range(worlds):
        world = World([_DIRECT, *_RELAYS], SEED + number)
        world.run(_SETTLE_MS)
        before = _type(world, _BEFORE_MS)
        usual = percentile([world.played[id][0] for id in list(world.played)], 0.5)
        clock = world.sender.clock
        assert clock is not None, "the ends have met"
        timers.append(clock.resend_timeout)
        world.paths[0].up = False  # silently: neither session is told
        after = _type(world, _AFTER_MS)
        world.run(_END_MS)
        missing += before + after - len(world.played)
        twice += sum(len(times) > 1 for times in world.played.values())
        added.append(max(times[0] for times in world.played.values()) - usual)
    timer = percentile(timers, 0.5)
    return [
        Figure(f"winning path killed under {RATE:.0f}/s in {worlds} worlds, lost", missing, "", limit=0),
        Figure("  played twice", twice, "", limit=0),
        Figure("  most that any input in flight was delayed by it", max(added), "ms",
               timer, "one resend timer, median", 1.0, ratio=True),
    ]  # fmt: skip


def _type(world: World, duration_ms: float) -> int:
    """Taps at the rate; how many."""

    def tap(now: float) -> None:
        date = int(now)
        world.sender.submit((Frame(1, 1300, date), Frame(1, 2300, date + 40)), now)

    taps = int(duration_ms * RATE / 1000)
    for _ in range(taps):
        world.act(tap)
        world.run(1000 / RATE)
    return taps
