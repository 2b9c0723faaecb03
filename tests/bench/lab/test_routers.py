"""The laboratory's routers do what their kind says, by plain sockets: nothing of the tunnel is involved."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.lab.machines import why_not
from bench.lab.rules import Kind, Strangers
from bench.lab.world import world
from tests.bench.lab.conftest import Probe

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

# Whether the port is the same for all; who is let in besides the address and port that was called.
MANNERS = {
    Kind.FULL_CONE: (True, True, True),
    Kind.ADDRESS_RESTRICTED: (True, True, False),
    Kind.PORT_RESTRICTED: (True, False, False),
    Kind.SYMMETRIC: (False, False, False),
}


@pytest.mark.parametrize("kind", MANNERS)
def test_a_router_maps_and_filters_as_its_kind_does(tmp_path: Path, kind: Kind) -> None:
    same_port, lets_in_the_address, lets_in_all = MANNERS[kind]

    async def main() -> None:
        async with world(tmp_path) as lab:
            router = lab.router(kind)
            inside = await Probe.open(lab.host(router.inside))
            called, stranger = lab.host(lab.ipv4), lab.host(lab.ipv4)
            here = await Probe.open(called)
            there = await Probe.open(stranger)

            await inside.send("203.0.113.11", 5000)
            host, port = await here.hears_somebody()
            assert host == router.address
            await here.send(host, port)
            await inside.hears("203.0.113.11", 5000)

            for probe, let_in in (
                (await Probe.open(called, port=5001), lets_in_the_address),
                (there, lets_in_all),
            ):
                await probe.send(host, port)
                await (inside.hears_somebody() if let_in else inside.hears_nobody())

            await inside.send("203.0.113.12", 5000)
            assert ((await there.hears_somebody()) == (host, port)) is same_port

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_router_that_drops_udp_passes_none(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            inside = await Probe.open(lab.host(lab.router(Kind.NO_UDP).inside))
            outside = await Probe.open(lab.host(lab.ipv4))
            await inside.send("203.0.113.11", 5000)
            await outside.hears_nobody()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_an_ipv6_router_lets_in_who_was_called_and_changes_no_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            inside = await Probe.open(lab.host(lab.router(Kind.IPV6_ONLY).inside), "::")
            called = lab.host(lab.ipv6)
            outside, other = await Probe.open(called, "::"), await Probe.open(called, "::", 5001)
            await inside.send("2001:db8::11", 5000)
            host, port = await outside.hears_somebody()
            assert (host, port) == ("2001:db8:3::10", 5000)
            await other.send(host, port)
            await inside.hears_nobody()
            await outside.send(host, port)
            await inside.hears("2001:db8::11", 5000)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_router_that_reboots_has_forgotten_whom_it_let_in(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            router = lab.router(Kind.FULL_CONE)
            inside = await Probe.open(lab.host(router.inside))
            outside = await Probe.open(lab.host(lab.ipv4))
            await inside.send("203.0.113.11", 5000)
            await outside.hears(router.address, 5000)
            router.reboot()
            await outside.send(router.address, 5000)
            await inside.hears_nobody()
            await inside.send("203.0.113.11", 5000)
            await outside.hears(router.address, 5000)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_router_that_moves_sends_from_its_new_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            router = lab.router(Kind.PORT_RESTRICTED)
            old = router.address
            inside = await Probe.open(lab.host(router.inside))
            outside = await Probe.open(lab.host(lab.ipv4))
            await inside.send("203.0.113.11", 5000)
            await outside.hears(old, 5000)
            router.move()
            assert router.address != old
            await inside.send("203.0.113.11", 5000)
            await outside.hears(router.address, 5000)
            await outside.send(old, 5000)
            await inside.hears_nobody()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_router_that_rejects_says_so_and_one_that_drops_says_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            outside = await Probe.open(lab.host(lab.ipv4))
            for strangers, said in (
                (Strangers.DROP, "TimeoutError"),
                (Strangers.REJECT, "ConnectionRefusedError"),
            ):
                router = lab.router(Kind.PORT_RESTRICTED, strangers=strangers)
                assert await outside.dials(router.address, 80, 0.5) == said
                await (await Probe.open(lab.host(router.inside))).send("203.0.113.10", 5000)
                await outside.hears(router.address, 5000)

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_mapping_that_nothing_uses_is_forgotten_after_a_while(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            router = lab.router(Kind.PORT_RESTRICTED)
            inside = await Probe.open(lab.host(router.inside))
            outside = await Probe.open(lab.host(lab.ipv4))
            router.forget_after(1)
            await inside.send("203.0.113.11", 5000)
            await outside.hears(router.address, 5000)
            await outside.send(router.address, 5000)
            await inside.hears("203.0.113.11", 5000)
            for _ in range(8):  # 2.4 s: the kernel looks once a second
                await inside.hears_nobody()
            await outside.send(router.address, 5000)
            await inside.hears_nobody()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_two_inner_networks_can_talk_unless_they_are_kept_apart(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            for apart in (False, True):
                router = lab.router(Kind.PORT_RESTRICTED)
                own = await Probe.open(lab.host(router.inside))
                guest = await Probe.open(lab.host(router.second_network("192.168.2.", apart=apart)))
                await own.send("192.168.2.10", 5000)
                await (guest.hears_nobody() if apart else guest.hears("192.168.1.10", 5000))

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_hairpin_leads_from_inside_to_inside_by_the_outer_address(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            router = lab.router(Kind.PORT_RESTRICTED)
            guests = router.second_network("192.168.2.", apart=True)
            own = await Probe.open(lab.host(router.inside), port=5000)
            guest = await Probe.open(lab.host(guests), port=5001)
            outside = await Probe.open(lab.host(lab.ipv4))
            router.turn_back()
            for probe in (own, guest):
                await probe.send("203.0.113.11", 5000)
                await outside.hears_somebody()
            await own.send(router.address, 5001)
            await guest.hears(router.address, 5000)
            await guest.send(router.address, 5000)
            await own.hears(router.address, 5001)

    asyncio.run(asyncio.wait_for(main(), 60))
