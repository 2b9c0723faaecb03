"""Which kind of path wins between two kinds of network: real routers, real relays, real ends.

Each line is what the literature says of that pair (RFC 4787, RFC 5128). Times are printed, never judged.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.lab.conftest import Note
from tests.lab.pair import Pair
from tests.lab.world import Kind, Machine, World, why_not, world

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

NONE = "no NAT"
CARRIER = "carrier-grade"  # a port-restricted home router below a port-restricted one of the carrier


def home(lab: World, what: str) -> Machine:
    """A machine behind that."""
    if what == NONE:
        return lab.host(lab.ipv4)
    if what == CARRIER:
        return lab.host(lab.router(Kind.PORT_RESTRICTED, lab.carrier(Kind.PORT_RESTRICTED).inside).inside)
    return lab.host(lab.router(Kind(what)).inside)


def meet(folder: Path, one: str, other: str, note: Note, *, direct: bool) -> None:
    async def main() -> None:
        async with world(folder) as lab:
            network = lab.ipv6 if one == Kind.IPV6_ONLY else lab.ipv4
            relays = [(await lab.relay(network)).url for _ in range(2)]
            async with Pair(home(lab, one), home(lab, other), relays) as pair:
                await pair.inputs_flow()
                said = "direct wins" if direct else "relays carry"
                if direct:
                    await pair.direct_wins()
                else:
                    said += f" ({await pair.direct_is_given_up()})"
                await pair.nothing_was_lost_or_doubled()
                note(f"{one} x {other}: {said}; {pair.times()}")

    asyncio.run(asyncio.wait_for(main(), 120))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NONE, NONE),
        (Kind.FULL_CONE, Kind.PORT_RESTRICTED),
        (Kind.PORT_RESTRICTED, Kind.PORT_RESTRICTED),
        (Kind.SYMMETRIC, Kind.FULL_CONE),
        (Kind.ADDRESS_RESTRICTED, Kind.SYMMETRIC),
        (CARRIER, Kind.PORT_RESTRICTED),
        (Kind.IPV6_ONLY, Kind.IPV6_ONLY),
    ],
)
def test_a_direct_path_wins_where_punching_can_work(tmp_path: Path, one: str, other: str, note: Note) -> None:
    meet(tmp_path, one, other, note, direct=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [(Kind.SYMMETRIC, Kind.SYMMETRIC), (Kind.NO_UDP, Kind.PORT_RESTRICTED)],
)
def test_relays_carry_where_punching_cannot_work(tmp_path: Path, one: str, other: str, note: Note) -> None:
    meet(tmp_path, one, other, note, direct=False)


def test_two_machines_in_one_home_find_each_other_there(tmp_path: Path, note: Note) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            router = lab.router(Kind.SYMMETRIC)
            async with Pair(lab.host(router.inside), lab.host(router.inside), relays) as pair:
                await pair.direct_wins()
                await pair.nothing_was_lost_or_doubled()
                note(f"same LAN: direct wins; {pair.times()}")

    asyncio.run(asyncio.wait_for(main(), 120))
