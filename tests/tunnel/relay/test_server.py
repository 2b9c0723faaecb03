from __future__ import annotations

import asyncio
import dataclasses
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tunnel.identity import Identity
from tunnel.relay.login import Challenge, Welcome, parse_verdict
from tunnel.relay.server import RelayError, RelayServer
from tunnel.relay.settings import RelaySettings, TlsFiles
from tunnel.relay.stun_told import StunTold

if TYPE_CHECKING:
    from tests.tunnel.relay.conftest import World


async def get(port: int, path: str, head: str = "") -> tuple[str, str, str]:
    """Status line, headers and body of a plain HTTP request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: relay\r\n{head}\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    headers, _, body = answer.partition("\r\n\r\n")
    status, _, rest = headers.partition("\r\n")
    return status, rest, body


def test_a_relay_says_that_it_is_well(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            status, headers, body = await get(server.port, "/healthz")
            assert "200" in status
            assert "text/plain" in headers
            assert body == "ok\n"
            await world.until(lambda: server.snapshot()["connections"] == 0)

    world.run(main())


def test_prometheus_reads_the_counters_on_the_same_port(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            await bot.send(bytes(100))
            await receiver.recv()
            status, headers, body = await get(server.port, "/metrics")
            assert "200" in status
            assert headers.count("Content-Type: text/plain; version=0.0.4") == 1
            assert headers.count("Content-Type") == 1
            for line in (
                "crowdpad_relay_members 2",
                "crowdpad_relay_rooms 1",
                "crowdpad_relay_bytes_in_total 100",
                "crowdpad_relay_messages_out_total 1",
                'crowdpad_relay_logins_total{result="ok"} 2',
            ):
                assert line in body.splitlines()

    world.run(main())


def test_metrics_can_have_a_port_of_their_own(world: World) -> None:
    async def main() -> None:
        async with world.relay(metrics=("127.0.0.1", 0)) as server:
            assert server.metrics_port != server.port
            assert "404" in (await get(server.port, "/metrics"))[0]
            assert "200" in (await get(server.metrics_port, "/metrics"))[0]
            upgrade = (
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            )
            assert "404" in (await get(server.metrics_port, "/room", upgrade))[0]

    world.run(main())


@pytest.mark.parametrize(("path", "status"), [("/", "200"), ("/admin", "404")])
def test_a_browser_is_told_what_this_is(world: World, path: str, status: str) -> None:
    async def main() -> None:
        async with world.relay() as server:
            line, _, body = await get(server.port, path)
            assert status in line
            assert "crowdpad relay" in body

    world.run(main())


def test_two_upgrade_headers_are_no_riddle(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            assert "200" in (await get(server.port, "/healthz", "Upgrade: h2c\r\nUpgrade: h3\r\n"))[0]

    world.run(main())


def test_a_relay_stops_whatever_its_connections_do(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            deaf = await world.log_in(server)
            deaf.transport.pause_reading()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET / HT")
            await world.until(lambda: server.snapshot()["connections"] == 2)
            # Far more than stopping takes, far less than any deadline that would end these by itself.
            await asyncio.wait_for(server.stop(), 4)
            assert server.snapshot()["connections"] == 0
            await reader.read()
            writer.close()
            deaf.transport.abort()

    world.run(main())


def test_a_relay_starts_again_on_its_port_at_once(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            port = server.port
            await world.log_in(server)
        async with world.relay(port=port) as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            await bot.send(b"press")
            assert await receiver.recv() == b"press"

    world.run(main())


def test_stopping_twice_is_stopping_once(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            await server.stop()

    world.run(main())


def test_serving_forever_ends_when_cancelled_and_frees_the_port(world: World) -> None:
    async def main() -> None:
        server = RelayServer(RelaySettings(name="test relay", allow=None), world.clock)
        serving = asyncio.create_task(server.serve_forever())
        await world.until(lambda: server._servers)
        port = server.port
        serving.cancel()
        await asyncio.wait({serving})
        async with world.relay(port=port):
            pass

    world.run(main())


def test_a_port_that_is_taken_is_one_sentence(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            settings = RelaySettings(name="test relay", allow=None, port=server.port)
            with pytest.raises(RelayError, match=f"cannot listen on 127.0.0.1, port {server.port}"):
                await RelayServer(settings, world.clock).start()

    world.run(main())


def test_a_taken_metrics_port_leaves_no_half_started_relay(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            settings = RelaySettings(name="test relay", allow=None, metrics=("127.0.0.1", server.port))
            other = RelayServer(settings, world.clock)
            with pytest.raises(RelayError):
                await other.start()
            assert not other._servers[0].is_serving()

    world.run(main())


def test_a_certificate_that_does_not_load_is_one_sentence(world: World, tls_files: TlsFiles) -> None:
    async def main() -> None:
        wrong = dataclasses.replace(tls_files, key=tls_files.cert)
        settings = RelaySettings(name="test relay", allow=None, tls=wrong)
        with pytest.raises(RelayError, match="not a PEM certificate"):
            await RelayServer(settings, world.clock).start()

    world.run(main())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, StunTold(udp=1, tcp=1)),  # the ports it got
        ({"stun_at": ("stun.example.org", 3_478)}, StunTold(udp=3_478, tcp=3_478, host="stun.example.org")),
        ({"stun": False}, StunTold()),
    ],
)
def test_members_are_told_where_stun_is_answered(
    world: World, options: dict[str, Any], told: StunTold
) -> None:
    async def main() -> None:
        server = RelayServer(RelaySettings(name="test relay", allow=None, **options), world.clock)
        await server.start()
        member = await world.open(server)
        challenge = Challenge.parse(str(await member.recv()))
        await member.send(world.answer(challenge, Identity.create()))
        welcome = parse_verdict(str(await member.recv()))
        assert isinstance(welcome, Welcome)
        assert welcome.stun is not None
        got = welcome.stun
        if not options:
            assert got.udp == got.tcp == server.port
            got = StunTold(udp=1, tcp=1)
        assert got == told
        await server.stop()

    world.run(main())


def test_members_are_told_of_no_udp_port_that_was_taken(world: World) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            async with world.relay(port=taken.getsockname()[1]) as server:
                assert server._stun_told() == StunTold(tcp=server.port)

    world.run(main())
