"""Which kind of path wins between two kinds of network: real routers, real relays, real ends.

What is expected of a pair is what the literature says (RFC 4787, RFC 5128). Times are noted, never judged.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from bench.lab.grid import PAIRS, home, winner
from bench.lab.machines import LabError, why_not
from bench.lab.pair import UDP, Pair
from bench.lab.rules import Kind
from bench.lab.world import world
from tests.lab.conftest import Note

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

# Most of a cell is waiting, but its beginning is two programs that start.
AT_ONCE: Final = 6


async def meet(pair: Pair, wins: str | None) -> str:
    """Two ends from start to end. Returns what is worth noting; NotSeenError if a law does not hold."""
    async with pair:
        await pair.inputs_flow()
        if wins:
            said = wins
            await pair.direct_wins(wins)
        else:
            said = f"relays ({await pair.direct_is_given_up()})"
        await pair.nothing_was_lost_or_doubled()
        return f"{said}; {pair.times()}"


def test_a_direct_path_wins_wherever_punching_can_work_and_relays_carry_elsewhere(
    tmp_path: Path, note: Note
) -> None:
    async def main() -> None:
        turns = asyncio.Semaphore(AT_ONCE)
        wrong = []
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]

            async def cell(one: str, other: str) -> None:
                async with turns:
                    try:
                        pair = Pair(home(lab, one), home(lab, other), relays)
                        note(f"{one} x {other}: {await meet(pair, winner(one, other))}")
                    except LabError as error:
                        wrong.append(f"{one} x {other}: {error}")

            await asyncio.gather(*[cell(one, other) for one, other in PAIRS])
        assert not wrong, "\n\n".join(wrong)

    asyncio.run(asyncio.wait_for(main(), 400))


def test_two_homes_that_have_only_ipv6_join_through_their_walls(tmp_path: Path, note: Note) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv6)).url for _ in range(2)]
            pair = Pair(home(lab, Kind.IPV6_ONLY), home(lab, Kind.IPV6_ONLY), relays)
            note(f"IPv6 only x IPv6 only: {await meet(pair, UDP)}")

    asyncio.run(asyncio.wait_for(main(), 120))


def test_two_machines_in_one_home_find_each_other_there(tmp_path: Path, note: Note) -> None:
    """Outside they could not: their router is symmetric, and sends nothing back to where it came from."""

    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            inside = lab.router(Kind.SYMMETRIC).inside
            note(f"same LAN: {await meet(Pair(lab.host(inside), lab.host(inside), relays), UDP)}")

    asyncio.run(asyncio.wait_for(main(), 120))
