"""Which kind of path wins between two kinds of network: real routers, real relays, real ends.

What is expected of a pair is what the literature says (RFC 4787, RFC 5128). Times are noted, never judged.
"""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Final

import pytest

from bench.lab.machines import Machine, why_not
from bench.lab.pair import Pair
from bench.lab.routers import Kind
from bench.lab.world import World, world
from tests.lab.conftest import Note

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

NONE: Final = "no NAT"
CARRIER: Final = "carrier-grade"  # a port-restricted home router below a port-restricted one of the carrier
NETWORKS: Final = (
    NONE, Kind.FULL_CONE, Kind.ADDRESS_RESTRICTED, Kind.PORT_RESTRICTED, Kind.SYMMETRIC, CARRIER, Kind.NO_UDP,
)  # fmt: skip
# Most of a cell is waiting, but its beginning is two programs that start.
AT_ONCE: Final = 6


def can_be_joined(one: str, other: str) -> bool:
    """A symmetric router's port is news to the other end, so that one must let in any port of its address."""
    if Kind.NO_UDP in (one, other):
        return False
    strict = {Kind.PORT_RESTRICTED, CARRIER, Kind.SYMMETRIC}
    return not ((one == Kind.SYMMETRIC and other in strict) or (other == Kind.SYMMETRIC and one in strict))


def home(lab: World, what: str) -> Machine:
    """A machine behind that."""
    if what == NONE:
        return lab.host(lab.ipv4)
    if what == CARRIER:
        return lab.host(lab.router(Kind.PORT_RESTRICTED, lab.carrier(Kind.PORT_RESTRICTED).inside).inside)
    return lab.host(lab.router(Kind(what)).inside)


async def meet(sender_on: Machine, receiver_on: Machine, relays: list[str], *, direct: bool) -> str:
    """Two ends from start to end. Returns what is worth noting; AssertionError if a law does not hold."""
    async with Pair(sender_on, receiver_on, relays) as pair:
        await pair.inputs_flow()
        if direct:
            said = "direct"
            await pair.direct_wins()
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
                        joined = can_be_joined(one, other)
                        said = await meet(home(lab, one), home(lab, other), relays, direct=joined)
                        note(f"{one} x {other}: {said}")
                    except AssertionError as error:
                        wrong.append(f"{one} x {other}: {error}")

            pairs = itertools.combinations_with_replacement(NETWORKS, 2)
            await asyncio.gather(*[cell(one, other) for one, other in pairs])
        assert not wrong, "\n\n".join(wrong)

    asyncio.run(asyncio.wait_for(main(), 400))


def test_two_homes_that_have_only_ipv6_join_through_their_walls(tmp_path: Path, note: Note) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv6)).url for _ in range(2)]
            homes = home(lab, Kind.IPV6_ONLY), home(lab, Kind.IPV6_ONLY)
            note(f"IPv6 only x IPv6 only: {await meet(*homes, relays, direct=True)}")

    asyncio.run(asyncio.wait_for(main(), 120))


def test_two_machines_in_one_home_find_each_other_there(tmp_path: Path, note: Note) -> None:
    """Outside they could not: their router is symmetric, and sends nothing back to where it came from."""

    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            inside = lab.router(Kind.SYMMETRIC).inside
            note(f"same LAN: {await meet(lab.host(inside), lab.host(inside), relays, direct=True)}")

    asyncio.run(asyncio.wait_for(main(), 120))
