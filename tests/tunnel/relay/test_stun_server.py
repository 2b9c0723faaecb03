from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.relay.conftest import World
from tunnel.nat.stun import Address, Kind, Message, build, is_stun, parse
from tunnel.relay import stun_server
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelaySettings
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_corners import Corners
from tunnel.relay.stun_server import StunServer, _StunSocket

ASK = build(Message(kind=Kind.REQUEST, transaction=b"twelve bytes"), length=64)


class Client(asyncio.DatagramProtocol):
    """A UDP socket that keeps what arrives."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.got.put_nowait(data)

    async def ask(self) -> Message:
        self.transport.sendto(ASK)
        return parse(await self.got.get())


async def client(port: int, host: str = "127.0.0.1") -> Client:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(Client, remote_addr=(host, port))
    return protocol


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_relay_tells_over_udp_at_its_own_port_what_address_one_has(world: World, host: str) -> None:
    async def main() -> None:
        server = RelayServer(RelaySettings(name="test relay", allow=None, host=host), world.clock)
        await server.start()
        asking = await client(server.port, host)
        reply = await asking.ask()
        assert reply.xor_mapped == asking.transport.get_extra_info("sockname")[:2]
        assert world.counts(server, "stun") == {"answered": 1}
        asking.transport.close()
        await server.stop()

    world.run(main())


def test_a_relay_can_leave_stun_alone(world: World) -> None:
    async def main() -> None:
        settings = RelaySettings(name="test relay", allow=None, stun=False)
        server = RelayServer(settings, world.clock)
        await server.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(ASK + b"\r\n\r\n")  # to HTTP this is nonsense
        assert not is_stun(await reader.read())
        writer.close()
        assert not {"stun", "stun_tcp"} & server.snapshot().keys()
        await server.stop()

    world.run(main())


def test_a_udp_port_that_is_taken_is_told_and_the_relay_runs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            with caplog.at_level(logging.WARNING):
                stun = StunServer(world.clock)
                await stun.open([taken.getsockname()])
            stun.close()
        assert "this relay will not help to find direct paths" in caplog.text

    world.run(main())


def test_the_port_is_free_when_the_relay_has_stopped(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            port = server.port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(("127.0.0.1", port))

    world.run(main())


def test_a_socket_that_broke_is_opened_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a "port unreachable" ends the reading."""
    monkeypatch.setattr(stun_server, "_READING_ENDS_WITH_AN_ERROR", True)

    async def main() -> None:
        async with world.relay() as server:
            (broken,) = server._stun._sockets.values()
            broken.error_received(ConnectionResetError(10054, "port unreachable"))
            await world.until(
                lambda: server._stun._sockets != {} and [*server._stun._sockets.values()] != [broken]
            )
            asking = await client(server.port)
            assert (await asking.ask()).xor_mapped is not None
            counts = world.counts(server, "stun")
            assert (counts["socket_errors"], counts["reopened"]) == (1, 1)
            asking.transport.close()

    world.run(main())


def test_an_error_at_a_socket_that_goes_on_reading_is_only_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stun_server, "_READING_ENDS_WITH_AN_ERROR", False)

    async def main() -> None:
        async with world.relay() as server:
            (one,) = server._stun._sockets.values()
            one.error_received(ConnectionResetError(10054, "port unreachable"))
            one.datagram_received(b"", None)
            asking = await client(server.port)
            assert (await asking.ask()).xor_mapped is not None
            assert world.counts(server, "stun") == {"socket_errors": 2, "answered": 1}
            asking.transport.close()

    world.run(main())


def test_a_socket_that_takes_nothing_gets_nothing(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            (one,) = server._stun._sockets.values()
            one.pause_writing()
            asking = await client(server.port)
            asking.transport.sendto(ASK)
            await world.until(lambda: world.counts(server, "stun").get("stalled"))
            one.resume_writing()
            assert (await asking.ask()).xor_mapped is not None
            asking.transport.close()

    world.run(main())


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=60) | st.binary(max_size=30).map(lambda tail: ASK[:20] + tail)))
def test_any_datagrams_at_the_socket_raise_nothing(datagrams: list[bytes]) -> None:
    server = StunServer(World().clock)
    one = _StunSocket(server, ("127.0.0.1", 1))
    for datagram in datagrams:
        one.datagram_received(datagram, ("192.0.2.1", 7))
    assert server.counters.total() == len(datagrams)


def test_another_stun_client_reads_our_answer(world: World) -> None:
    """coturn's client, which sends a bare request."""
    program = shutil.which("turnutils_stunclient")
    if program is None:
        pytest.skip("the Debian package coturn has the client turnutils_stunclient, and is not installed")

    async def main() -> None:
        async with world.relay() as server:
            process = await asyncio.create_subprocess_exec(
                program, "-p", str(server.port), "127.0.0.1", stdout=asyncio.subprocess.PIPE
            )
            said, _ = await process.communicate()
            assert b"UDP reflexive addr: 127.0.0.1:" in said
            assert world.counts(server, "stun")["answered"] >= 1

    world.run(main())


def free_ports() -> tuple[int, int]:
    with ExitStack() as stack:
        socks = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)]
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return (socks[0].getsockname()[1], socks[1].getsockname()[1])


@asynccontextmanager
async def two_addresses(world: World) -> AsyncIterator[RelayServer]:
    first, second = free_ports()
    server = RelayServer(
        RelaySettings(name="test relay", allow=None, port=first, stun_alternate=("127.0.0.2", second)),
        world.clock,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def test_a_relay_with_two_addresses_answers_at_and_from_all_four_corners(world: World) -> None:
    async def main() -> None:
        async with two_addresses(world) as server:
            corners = server._stun._answerer.corners
            assert corners is not None
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.bind(("127.0.0.1", 0))
                asking.setblocking(False)
                for at, ip, port in itertools.product(corners.all, (False, True), (False, True)):
                    question = Message(
                        kind=Kind.REQUEST, transaction=b"twelve bytes", change_ip=ip, change_port=port
                    )
                    loop = asyncio.get_running_loop()
                    await loop.sock_sendto(asking, build(question, length=100), at)
                    data, source = await loop.sock_recvfrom(asking, 2_000)
                    told = parse(data)
                    assert source == told.response_origin == corners.changed(at, ip=ip, port=port)
                    assert told.other_address == corners.opposite(at)
                    assert told.xor_mapped == asking.getsockname()
            assert world.counts(server, "stun") == {"answered": 16}

    world.run(main())


def test_a_relay_that_cannot_have_all_four_corners_has_one(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = free_ports()

    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.2", first))
            settings = RelaySettings(
                name="test relay", allow=None, port=first, stun_alternate=("127.0.0.2", second)
            )
            server = RelayServer(settings, world.clock)
            with caplog.at_level(logging.WARNING):
                await server.start()
            assert "will not help to measure routers" in caplog.text
            assert server._stun._answerer.corners is None
            assert list(server._stun._sockets) == [("127.0.0.1", first)]
            asking = await client(server.port)
            assert (await asking.ask()).other_address is None
            asking.transport.close()
            await server.stop()

    world.run(main())


def test_what_a_corner_that_has_gone_should_say_is_counted(world: World) -> None:
    async def main() -> None:
        async with two_addresses(world) as server:
            stun = server._stun
            assert stun._answerer.corners is not None
            stun._sockets.pop(stun._answerer.corners.second).abort()
            question = Message(
                kind=Kind.REQUEST, transaction=b"twelve bytes", change_ip=True, change_port=True
            )
            asking = await client(server.port)
            asking.transport.sendto(build(question, length=100))
            await world.until(lambda: world.counts(server, "stun").get("stalled") == 1)
            asking.transport.close()

    world.run(main())


class Padding(asyncio.DatagramProtocol):
    """A corner that hears every question as if it were as long as ours are."""

    def __init__(self, answerer: StunAnswerer, at: Address, corners: dict[Address, Padding]) -> None:
        self.answerer, self.at, self.corners = answerer, at, corners
        corners[at] = self

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        reply = self.answerer.answer(build(parse(data), length=100), addr[0], addr[1], 0.0, at=self.at)
        assert reply is not None
        assert reply.origin is not None
        self.corners[reply.origin].transport.sendto(reply.data, addr)


@pytest.mark.parametrize(
    ("asked", "found"), [("-m", b"No NAT!"), ("-f", b"NAT with Endpoint Independent Filtering!")]
)
def test_another_client_measures_its_router_with_our_four_corners(
    world: World, asked: str, found: bytes
) -> None:
    """coturn's, whose questions are too short for answers that fit under them: here they are made longer."""
    program = shutil.which("turnutils_natdiscovery")
    if program is None:
        pytest.skip("the Debian package coturn has the client turnutils_natdiscovery, and is not installed")

    async def main() -> None:
        first, second = free_ports()
        answerer, corners = StunAnswerer(), dict[Address, Padding]()
        answerer.corners = Corners(("127.0.0.1", first), ("127.0.0.2", second))
        loop = asyncio.get_running_loop()
        for at in answerer.corners.all:
            await loop.create_datagram_endpoint(partial(Padding, answerer, at, corners), local_addr=at)
        process = await asyncio.create_subprocess_exec(
            program, asked, "-L", "127.0.0.1", "-p", str(first), "127.0.0.1", stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        for corner in corners.values():
            corner.transport.close()
        assert found in said

    world.run(main())
