"""Where two ends may be besides one simple home each: which kind of path wins there, and at which address."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.lab.grid import NONE, home
from bench.lab.machines import Machine, why_not
from bench.lab.pair import Pair
from bench.lab.remote import TCP, UDP
from bench.lab.routers import Router
from bench.lab.rules import Kind, Strangers
from bench.lab.world import World, world
from tests.lab.conftest import Cell, Note, try_cells

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def without_udp(lab: World, kind: Kind, strangers: Strangers = Strangers.DROP) -> Machine:
    """A home whose network drops UDP."""
    router = lab.router(kind, strangers=strangers)
    router.block_udp()
    return lab.host(router.inside)


def below(carrier: Router, lab: World, relays: list[str]) -> Pair:
    """Two homes with one outer address, which only the carrier has."""
    homes = [lab.router(Kind.PORT_RESTRICTED, carrier.inside).inside for _ in range(2)]
    return Pair(lab.host(homes[0]), lab.host(homes[1]), relays)


def test_routers_that_refuse_strangers_aloud_join_like_those_that_keep_silent(
    tmp_path: Path, note: Note
) -> None:
    """Two that refuse connections are left out: without any distance between them, each call is refused
    before the other end's own has left, and whether two ever cross is luck.
    """

    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            kind = Kind.PORT_RESTRICTED

            def rude(strangers: Strangers) -> Pair:
                homes = [lab.router(kind, strangers=each).inside for each in (Strangers.REJECT, strangers)]
                return Pair(lab.host(homes[0]), lab.host(homes[1]), relays)

            def rude_tcp() -> Pair:
                return Pair(without_udp(lab, kind, Strangers.REJECT), without_udp(lab, kind), relays)

            cells = [
                Cell("rejects x drops", lambda: rude(Strangers.DROP), UDP),
                Cell("rejects x rejects", lambda: rude(Strangers.REJECT), UDP),
                Cell("rejects x drops, TCP", rude_tcp, TCP),
            ]
            await try_cells(cells, note)

    asyncio.run(asyncio.wait_for(main(), 200))


def test_two_ends_behind_one_router_meet_by_the_nearest_way_it_allows(tmp_path: Path, note: Note) -> None:
    """In one network, in two, in two that are kept apart, below one carrier."""

    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]

            def together() -> Pair:
                """Outside they could not: their router is symmetric, and sends nothing back inside."""
                inside = lab.router(Kind.SYMMETRIC).inside
                return Pair(lab.host(inside), lab.host(inside), relays)

            def routed() -> Pair:
                router = lab.router(Kind.SYMMETRIC)
                return Pair(lab.host(router.inside), lab.host(router.second_network("192.168.2.")), relays)

            guests = lab.router(Kind.PORT_RESTRICTED)
            open_one, mean_one = (lab.carrier(Kind.PORT_RESTRICTED) for _ in range(2))
            guests.turn_back()
            open_one.turn_back()

            def apart() -> Pair:
                guest = lab.host(guests.second_network("192.168.2.", apart=True))
                return Pair(lab.host(guests.inside), guest, relays)

            cells = [
                Cell("same LAN", together, UDP, "192.168.1."),
                Cell("two networks of one router", routed, UDP, "192.168.2."),
                Cell("kept apart, with a hairpin", apart, UDP, guests.address),
                Cell(
                    "below one carrier, hairpin", lambda: below(open_one, lab, relays), UDP, open_one.address
                ),
                Cell("below one carrier, no hairpin", lambda: below(mean_one, lab, relays), None),
            ]
            await try_cells(cells, note)

    asyncio.run(asyncio.wait_for(main(), 200))


def test_homes_with_ipv6_join_over_udp_or_tcp_and_not_with_one_that_has_none(
    tmp_path: Path, note: Note
) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            four, six = await lab.relay_for_both()
            fours = [four, (await lab.relay(lab.ipv4)).url]
            sixes = [six, (await lab.relay(lab.ipv6)).url]

            def mixed() -> Pair:
                homes = home(lab, Kind.FULL_CONE), home(lab, Kind.IPV6_ONLY)
                return Pair(*homes, fours, receiver_relays=sixes)

            def same(udp: bool) -> Pair:
                homes = [
                    home(lab, Kind.IPV6_ONLY) if udp else without_udp(lab, Kind.IPV6_ONLY) for _ in range(2)
                ]
                return Pair(homes[0], homes[1], sixes)

            cells = [
                Cell("IPv6 only x IPv6 only", lambda: same(True), UDP, "2001:db8:"),
                Cell("IPv6 only x IPv6 only, UDP dropped", lambda: same(False), TCP, "2001:db8:"),
                Cell("IPv4 only x IPv6 only", mixed, None, "One end has only IPv6 and the other only IPv4"),
            ]
            await try_cells(cells, note)

    asyncio.run(asyncio.wait_for(main(), 200))


def test_who_cannot_be_called_calls_whoever_can(tmp_path: Path, note: Note) -> None:
    """Over TCP no hole is needed then: symmetric routers keep nobody from calling."""

    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]
            caller = Kind.SYMMETRIC
            cells = [
                Cell("symmetric, UDP dropped x no NAT",
                     lambda: Pair(without_udp(lab, caller), home(lab, NONE), relays), TCP),
                Cell("no NAT x symmetric, UDP dropped",
                     lambda: Pair(home(lab, NONE), without_udp(lab, caller), relays), TCP),
            ]  # fmt: skip
            await try_cells(cells, note)

    asyncio.run(asyncio.wait_for(main(), 200))
