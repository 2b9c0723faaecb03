"""What happens around two ends while inputs flow: nothing is lost or doubled, and a direct path returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench.lab.machines import why_not
from bench.lab.pair import UDP, Pair
from bench.lab.routers import Router
from bench.lab.rules import Kind
from bench.lab.world import World, world
from tests.lab.conftest import Note

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

Change = Callable[[World, Router, Pair], Awaitable[None]]


def live_through(
    folder: Path, note: Note, what: str, change: Change, one: Kind = Kind.PORT_RESTRICTED
) -> None:
    """Two ends join directly; then comes the change, given the router of the sender, and is survived."""

    async def main() -> None:
        async with world(folder) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            router, far = lab.router(one), lab.router(Kind.FULL_CONE)
            async with Pair(lab.host(router.inside), lab.host(far.inside), relays) as pair:
                await pair.direct_wins()
                await change(lab, router, pair)
                await pair.nothing_was_lost_or_doubled()
                note(f"{what}: {pair.times()}")

    asyncio.run(asyncio.wait_for(main(), 180))


@pytest.mark.parametrize("kind", [Kind.PORT_RESTRICTED, Kind.SYMMETRIC])
def test_a_router_reboots_and_has_forgotten_every_mapping(tmp_path: Path, note: Note, kind: Kind) -> None:
    async def change(lab: World, router: Router, pair: Pair) -> None:
        router.reboot()
        await pair.inputs_flow(100)
        await pair.direct_wins()

    live_through(tmp_path, note, f"reboot of a {kind} router", change, kind)


def test_a_home_gets_another_address(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, router: Router, pair: Pair) -> None:
        router.move()
        await pair.inputs_flow(100)
        await pair.direct_wins()

    live_through(tmp_path, note, "another address", change)


def test_every_relay_is_killed_while_the_direct_path_stays(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, router: Router, pair: Pair) -> None:
        for relay in lab.relays:
            await relay.stop()
        await pair.inputs_flow(100)
        await pair.direct_wins()
        assert not any(one.losses[UDP] for one in pair.ends)

    live_through(tmp_path, note, "all relays killed", change)


def test_the_direct_path_is_cut_while_the_relays_stay_and_comes_back(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, router: Router, pair: Pair) -> None:
        router.block_udp()
        before = pair.firsts()
        await pair.inputs_flow(100)
        await pair.direct_is_lost()
        gained = {name: count - before[name] for name, count in pair.firsts().items()}
        direct = gained.pop(UDP)
        assert direct < sum(gained.values())
        router.unblock_udp()
        await pair.direct_wins()

    live_through(tmp_path, note, "direct path cut", change)
