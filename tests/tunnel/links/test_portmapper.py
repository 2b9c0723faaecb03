from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tunnel.links.test_upnp import FakeUpnp
from tests.tunnel.nat.test_portmap import Router
from tests.tunnel.relay.conftest import World
from tunnel.links import portmapper
from tunnel.links.portmapper import Network, RouterPorts, in_thread, network
from tunnel.nat.portmap import Mapped, Want
from tunnel.nat.portmap_message import Transport

UDP = Want(Transport.UDP, 50_000)
TCP = Want(Transport.TCP, 50_000)


class Gateway(asyncio.DatagramProtocol):
    """A router's port on loopback, with a liar beside it."""

    def __init__(self, router: Router, world: World) -> None:
        self.router, self.world = router, world
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self.router.answer(data, self.world.clock.now())
        self.transport.sendto(b"\x02nonsense", addr)
        if answer is not None:
            self.transport.sendto(answer, addr)


@asynccontextmanager
async def gateway(router: Router, world: World) -> AsyncIterator[Network]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Gateway(router, world), local_addr=("127.0.0.1", 0)
    )
    router.booted = world.clock.now() - 1_000_000
    host, port = transport.get_extra_info("sockname")
    try:
        yield Network((host, port), "127.0.0.1")
    finally:
        transport.close()


class Said:
    """What the mapper tells its owner, in order."""

    def __init__(self) -> None:
        self.all: list[Mapping[Want, Mapped]] = []

    def __call__(self, opened: Mapping[Want, Mapped]) -> None:
        self.all.append(dict(opened))

    @property
    def last(self) -> Mapping[Want, Mapped]:
        return self.all[-1] if self.all else {}


def ports(world: World, said: Said, find: Callable[[], Network | None], fake: FakeUpnp | None) -> RouterPorts:
    library = SimpleNamespace(UPnP=lambda: fake or no_router())
    return RouterPorts([UDP, TCP], world.clock, said, find=find, miniupnpc=library)


def no_router() -> FakeUpnp:
    fake = FakeUpnp()
    fake.devices = 0
    return fake


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("pcp", [True, False])
def test_both_ports_are_opened_and_closed_at_the_end(world: World, pcp: bool) -> None:
    async def main() -> None:
        router, said = Router(pcp=pcp), Said()
        async with gateway(router, world) as here:
            task = asyncio.create_task(ports(world, said, lambda: here, None).run())
            await world.until(lambda: len(said.last) == 2)
            assert said.last[UDP].outer == said.last[TCP].outer == ("1.2.3.4", 50_000)
            assert len(router.held) == 2
            await stop(task)
            await world.until(lambda: not router.held)
            assert said.last == {}

    world.run(main())


def test_without_a_gateway_or_a_library_nothing_happens_and_nothing_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunnel.links.upnp.library", lambda: None)

    async def main() -> None:
        said, looked = Said(), asyncio.Event()
        one = RouterPorts([UDP], world.clock, said, find=looked.set)
        task = asyncio.create_task(one.run())
        await looked.wait()
        await stop(task)
        assert said.all == []

    world.run(main())


def test_a_gateway_with_nobody_at_the_port_is_as_good_as_silent(world: World) -> None:
    async def main() -> None:
        async with gateway(Router(), world) as here:
            pass
        said = Said()
        one = ports(world, said, lambda: here, None)
        task = asyncio.create_task(one.run())

        def is_given_up() -> bool:
            world.clock.added_ms += 100
            return one.mapper is not None and one.mapper.counters["silent"] > 0

        await world.until(is_given_up)
        await stop(task)
        assert said.all == []

    world.run(main())


def test_upnp_helps_where_the_gateway_does_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portmapper, "_UPNP_AFTER_S", 0.0)

    async def main() -> None:
        fake, said = FakeUpnp(), Said()
        task = asyncio.create_task(ports(world, said, lambda: None, fake).run())
        await world.until(lambda: len(said.last) == 2)
        assert said.last[UDP].outer == ("1.2.3.4", 50_000)
        assert said.last[UDP].via == "UPnP"
        await stop(task)
        assert not fake.held
        assert said.last == {}

    world.run(main())


def test_a_network_that_changes_is_asked_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portmapper, "_LOOK_AGAIN_S", 0.02)

    async def main() -> None:
        home, cafe, said = Router(), Router(outer=bytes([5, 6, 7, 8])), Said()
        async with gateway(home, world) as first, gateway(cafe, world) as second:
            here = [first]
            task = asyncio.create_task(ports(world, said, lambda: here[0], None).run())
            await world.until(lambda: said.last.get(UDP) and said.last[UDP].outer[0] == "1.2.3.4")
            here[0] = second
            await world.until(lambda: said.last.get(UDP) and said.last[UDP].outer[0] == "5.6.7.8")
            await world.until(lambda: not home.held)
            await stop(task)

    world.run(main())


def test_what_a_thread_raises_reaches_whoever_waits(world: World) -> None:
    def fail() -> None:
        raise OSError("no")

    async def main() -> None:
        assert await in_thread(lambda: 7) == 7
        with pytest.raises(OSError, match="no"):
            await in_thread(fail)

    world.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's table of routes; Windows has its own call")
def test_the_way_out_is_found_or_there_is_none() -> None:
    here = network()
    assert here is None or here.gateway[1] == 5351
