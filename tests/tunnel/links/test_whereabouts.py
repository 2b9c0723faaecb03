"""What an agent is told of this machine. The router: test_udp.py and test_tcp.py."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import pytest

from tunnel.links.direct import DirectOptions
from tunnel.links.stun_servers import StunServers
from tunnel.links.whereabouts import Whereabouts
from tunnel.nat.agent import Agent
from tunnel.nat.portmap_message import Transport
from tunnel.wallclock import WallClock


def whereabouts(agent: Agent, numbers: dict[bool, int], told: asyncio.Event, *, router: bool) -> Whereabouts:
    return Whereabouts(
        agent,
        numbers,
        options=DirectOptions(hosts=("127.0.0.1", "::1"), router=router),
        servers=StunServers(named=[("127.0.0.1", 9)]),
        clock=WallClock(),
        settle=told.set,
    )


def agent() -> Agent:
    return Agent(controlling=True, random=os.urandom, now=0, loopback=True)


def test_addresses_are_told_with_the_port_of_their_version_and_without_one_not_at_all() -> None:
    async def main() -> None:
        one, told = agent(), asyncio.Event()
        where = whereabouts(one, {False: 4_711}, told, router=False)
        [helper] = where.helpers(Transport.UDP, is_searching=lambda: True)
        task = asyncio.create_task(helper)
        await told.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert where.asked == (("127.0.0.1", 9),)
        one.start(0)
        assert [address for _, address in one.offered.candidates] == [("127.0.0.1", 4_711)]

    asyncio.run(asyncio.wait_for(main(), 30))


@pytest.mark.parametrize(("numbers", "asked"), [({False: 4_711, True: 4_712}, True), ({True: 4_712}, False)])
def test_the_router_is_asked_for_ipv4_alone(numbers: dict[bool, int], asked: bool) -> None:
    async def main() -> None:
        where = whereabouts(agent(), numbers, asyncio.Event(), router=True)
        helpers = where.helpers(Transport.TCP, is_searching=lambda: True)
        assert len(helpers) == 1 + asked
        for helper in helpers:
            helper.close()

    asyncio.run(main())
