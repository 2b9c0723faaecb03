"""Which kind of path wins between two kinds of network: real routers, real relays, real ends.

What is expected of a pair is what the literature says, see bench/lab/grid.py.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bench.lab.grid import PAIRS, home, winner
from bench.lab.machines import why_not
from bench.lab.pair import Pair
from bench.lab.world import World, world
from tests.lab.conftest import Cell, Note, try_cells

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def test_a_direct_path_wins_wherever_punching_can_work_and_relays_carry_elsewhere(
    tmp_path: Path, note: Note
) -> None:
    def pair(lab: World, one: str, other: str) -> Pair:
        return Pair(home(lab, one), home(lab, other), [relay.url for relay in lab.relays])

    async def main() -> None:
        async with world(tmp_path) as lab:
            for _ in range(2):
                await lab.relay(lab.ipv4)
            cells = [
                Cell(f"{one} x {other}", partial(pair, lab, one, other), winner(one, other))
                for one, other in PAIRS
            ]
            await try_cells(cells, note)

    asyncio.run(asyncio.wait_for(main(), 400))
