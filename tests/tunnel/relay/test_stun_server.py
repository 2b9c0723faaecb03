from __future__ import annotations

import asyncio
import logging
import shutil
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.relay.conftest import World
from tunnel.nat.stun import Kind, Message, build, is_stun, parse
from tunnel.relay import stun_server
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelaySettings
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
