"""What happens around two ends while inputs flow: nothing is lost or doubled, and a direct path returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from bench.lab.machines import why_not
from bench.lab.pair import RATE, Pair
from bench.lab.remote import TCP, UDP, require
from bench.lab.routers import Router
from bench.lab.rules import Kind
from bench.lab.world import World, world
from tests.lab.conftest import Note, side_by_side

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@dataclass(frozen=True)
class Scene:
    """Two ends that have joined directly. `near` is the router of the sender, `far` the other one."""

    lab: World
    near: Router
    far: Router
    pair: Pair

    def direct_has_stayed(self) -> None:
        require(not any(one.losses[UDP] for one in self.pair.ends), "the direct path was lost")


async def reboot(scene: Scene) -> None:
    """The router has forgotten every mapping."""
    scene.near.reboot()
    await scene.pair.inputs_flow(100)
    await scene.pair.direct_wins()


async def move(scene: Scene) -> None:
    """The home gets another address."""
    scene.near.move()
    await scene.pair.inputs_flow(100)
    await scene.pair.direct_wins()


async def rest(scene: Scene) -> None:
    """Nobody plays for longer than mappings live: three seconds; RFC 4787 (REQ-5) wants two minutes."""
    for router in (scene.near, scene.far):
        router.forget_after(3)
    await scene.pair.set_rate(0)
    await asyncio.sleep(8)
    scene.direct_has_stayed()
    await scene.pair.set_rate(RATE)
    await scene.pair.direct_wins()


async def kill_relays(scene: Scene) -> None:
    """One after the other, while the direct path stays."""
    for relay in scene.lab.relays:
        await relay.stop()
        await scene.pair.inputs_flow(50)
    await scene.pair.direct_wins()
    scene.direct_has_stayed()


async def cut(scene: Scene) -> None:
    """Nothing passes directly, and one relay after the other goes too; before the last one does, the direct
    way is free again.
    """
    scene.near.cut(scene.far)
    before = scene.pair.firsts()
    await scene.pair.inputs_flow(100)
    await scene.pair.direct_is_lost()
    gained = scene.pair.firsts() - before
    require(gained[UDP] + gained[TCP] < gained.total() / 2, f"relays do not carry: {gained}")
    for relay in scene.lab.relays[:-1]:
        await relay.stop()
        await scene.pair.inputs_flow(50)
    scene.near.mend()
    await scene.pair.direct_wins()


async def drop_udp(scene: Scene) -> None:
    """For a while, and TCP carries meanwhile."""
    await scene.pair.direct_is_up(TCP)
    scene.near.block_udp()
    await scene.pair.direct_is_lost(UDP)
    await scene.pair.direct_wins(TCP)
    scene.near.unblock_udp()
    await scene.pair.direct_wins(UDP, TCP)


@dataclass(frozen=True)
class Change:
    """What happens, and to whom: the kind of the sender's router, and how many relays there are."""

    what: str
    happen: Callable[[Scene], Awaitable[None]]
    kind: Kind = Kind.PORT_RESTRICTED
    relays: int = 2


CHANGES: Final = (
    Change("direct paths cut, and relays", cut, relays=3),
    Change("UDP dropped for a while", drop_udp),
    Change("mappings of three seconds", rest),
    Change("relays killed one by one", kill_relays, relays=3),
    Change("reboot of a port-restricted router", reboot),
    Change("reboot of a symmetric router", reboot, Kind.SYMMETRIC),
    Change("another address", move),
)


def test_nothing_is_lost_or_doubled_whatever_changes_and_direct_paths_return(
    tmp_path: Path, note: Note
) -> None:
    tries = []
    for change in CHANGES:
        folder = tmp_path / change.what
        folder.mkdir()
        tries.append((change.what, partial(live_through, change, folder)))
    asyncio.run(asyncio.wait_for(side_by_side(tries, note), 300))


async def live_through(change: Change, folder: Path) -> str:
    """In a world of its own. Returns what is worth noting."""
    async with world(folder) as lab:
        urls = [(await lab.relay(lab.ipv4)).url for _ in range(change.relays)]
        near, far = lab.router(change.kind), lab.router(Kind.FULL_CONE)
        async with Pair(lab.host(near.inside), lab.host(far.inside), urls) as pair:
            await pair.direct_wins()
            await change.happen(Scene(lab, near, far, pair))
            await pair.nothing_was_lost_or_doubled()
            return pair.times()
