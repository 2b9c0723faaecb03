"""The winning path dies under load between two real homes, silently: what becomes of the inputs under way.

Two homes of the laboratory with both direct paths and four relays; then the network lets nothing more pass
between the homes. Nobody is told, and the relays are 10 ms away. In many simulated worlds: bench.winner.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.figures import Figure, percentile
from bench.lab.machines import why_not
from bench.lab.pair import Pair
from bench.lab.rules import Kind
from bench.lab.world import world

RATE: Final = 200.0
_RELAYS: Final = 4
# RFC 6298's timer on paths of a few milliseconds is at its floor (tunnel/clock.py).
_RESEND_TIMER_MS: Final = 50.0


async def measure(seconds: float) -> list[Figure]:
    """`seconds` of inputs before the death, and as long after. RuntimeError where there is no laboratory."""
    reason = why_not()
    if reason is not None:
        raise RuntimeError(reason)
    with tempfile.TemporaryDirectory() as folder:
        async with world(Path(folder)) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(_RELAYS)]
            near, far = lab.router(Kind.PORT_RESTRICTED), lab.router(Kind.FULL_CONE)
            async with Pair(lab.host(near.inside), lab.host(far.inside), relays) as pair:
                await pair.direct_wins()
                await pair.set_rate(RATE)
                await asyncio.sleep(seconds)
                death = time.monotonic() * 1000
                near.cut(far)
                await asyncio.sleep(seconds)
                submitted = (await pair.sender.finish())["submitted"]
                await pair.receiver.finish()
                return _figures(pair, submitted, death, seconds * 1000)


def _figures(pair: Pair, submitted: int, death: float, span: float) -> list[Figure]:
    inputs = [(fact["at"], fact["late_ms"]) for fact in pair.receiver.facts if fact["what"] == "played"]
    before = [late for at, late in inputs if death - span / 2 <= at < death]
    after = [late for at, late in inputs if death <= at < death + span]
    usual = percentile(before, 0.5)
    played = pair.receiver.played
    return [
        Figure(f"winning path killed under {RATE:.0f}/s, lost", submitted - len(played), "", limit=0),
        Figure("  played twice", played.total() - len(played), "", limit=0),
        Figure("  most that any input was delayed by it", max(after) - usual, "ms",
               _RESEND_TIMER_MS, "one resend timer", 1, ratio=True),
        Figure("  most that any input was delayed before", max(before) - usual, "ms"),
    ]  # fmt: skip
