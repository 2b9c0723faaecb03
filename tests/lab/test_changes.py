"""What happens around two ends while inputs flow: nothing is lost or doubled, and a direct path returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench.lab.machines import why_not
from bench.lab.pair import RATE, TCP, UDP, Pair
from bench.lab.routers import Router
from bench.lab.rules import Kind
from bench.lab.world import World, world
from tests.lab.conftest import Note

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

Change = Callable[[World, tuple[Router, Router], Pair], Awaitable[None]]


def live_through(
    folder: Path, note: Note, what: str, change: Change, one: Kind = Kind.PORT_RESTRICTED, relays: int = 2
) -> None:
    """Two ends join directly; then comes the change, given the routers of both, and is survived."""

    async def main() -> None:
        async with world(folder) as lab:
            urls = [(await lab.relay(lab.ipv4)).url for _ in range(relays)]
            routers = lab.router(one), lab.router(Kind.FULL_CONE)
            async with Pair(lab.host(routers[0].inside), lab.host(routers[1].inside), urls) as pair:
                await pair.direct_wins()
                await change(lab, routers, pair)
                await pair.nothing_was_lost_or_doubled()
                note(f"{what}: {pair.times()}")

    asyncio.run(asyncio.wait_for(main(), 180))


@pytest.mark.parametrize("kind", [Kind.PORT_RESTRICTED, Kind.SYMMETRIC])
def test_a_router_reboots_and_has_forgotten_every_mapping(tmp_path: Path, note: Note, kind: Kind) -> None:
    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        routers[0].reboot()
        await pair.inputs_flow(100)
        await pair.direct_wins()

    live_through(tmp_path, note, f"reboot of a {kind} router", change, kind)


def test_a_home_gets_another_address(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        routers[0].move()
        await pair.inputs_flow(100)
        await pair.direct_wins()

    live_through(tmp_path, note, "another address", change)


def test_a_mapping_that_expires_soon_is_kept_while_nobody_plays(tmp_path: Path, note: Note) -> None:
    """Three seconds are a tenth of what any router should grant (RFC 4787, REQ-5)."""

    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        for router in routers:
            router.forget_after(3)
        await pair.set_rate(0)
        await asyncio.sleep(8)
        assert not any(one.losses[UDP] for one in pair.ends)
        await pair.set_rate(RATE)
        await pair.direct_wins()

    live_through(tmp_path, note, "mappings of three seconds", change)


def test_one_relay_after_the_other_is_killed_while_the_direct_path_stays(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        for relay in lab.relays:
            await relay.stop()
            await pair.inputs_flow(50)
        await pair.direct_wins()
        assert not any(one.losses[UDP] for one in pair.ends)

    live_through(tmp_path, note, "all relays killed", change, relays=3)


def test_the_direct_paths_are_cut_and_return_when_all_relays_but_one_are_gone(
    tmp_path: Path, note: Note
) -> None:
    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        routers[0].cut(routers[1])
        before = pair.firsts()
        await pair.inputs_flow(100)
        await pair.direct_is_lost()
        gained = pair.firsts() - before
        assert gained[UDP] + gained[TCP] < gained.total() / 2
        for relay in lab.relays[:-1]:
            await relay.stop()
            await pair.inputs_flow(50)
        routers[0].mend()
        await pair.direct_wins()

    live_through(tmp_path, note, "direct paths cut", change)


def test_a_network_begins_to_drop_udp_and_tcp_takes_over_until_it_ends(tmp_path: Path, note: Note) -> None:
    async def change(lab: World, routers: tuple[Router, Router], pair: Pair) -> None:
        await pair.direct_is_up(TCP)
        routers[0].block_udp()
        await pair.direct_is_lost(UDP)
        await pair.direct_wins(TCP)
        routers[0].unblock_udp()
        await pair.direct_is_up(UDP)
        await pair.direct_wins(UDP, TCP)

    live_through(tmp_path, note, "UDP dropped for a while", change)
