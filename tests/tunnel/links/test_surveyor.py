from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.tunnel.relay.conftest import World
from tunnel.links.surveyor import survey
from tunnel.nat.behaviour import Behaviour, FilteringKind, MappingKind
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelaySettings


@pytest.fixture
def world() -> World:
    return World()


def test_relays_on_this_machine_are_behind_no_nat(world: World) -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            relays = [await stack.enter_async_context(world.relay()) for _ in range(2)]
            found = await survey([("127.0.0.1", relay.port) for relay in relays], world.clock)
            assert (found.udp, found.nat, found.keeps_port) == (True, False, True)
            assert [host for host, _ in found.seen] == ["127.0.0.1"]
            assert found.mapping is MappingKind.ENDPOINT_INDEPENDENT
            assert found.filtering is FilteringKind.UNKNOWN

    world.run(main())


def test_without_servers_nothing_is_found_and_nothing_waits(world: World) -> None:
    async def main() -> None:
        assert await survey([], world.clock) == Behaviour()

    world.run(main())


def test_a_closed_port_is_silence(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            closed = ("127.0.0.1", server.port)
        asking = asyncio.create_task(survey([closed], world.clock))

        def is_over() -> bool:
            world.clock.added_ms += 100
            return asking.done()

        await world.until(is_over)
        assert asking.result() == Behaviour()

    world.run(main())


def test_a_relay_with_two_addresses_tells_the_filtering_too(world: World) -> None:
    async def main() -> None:
        first, second = free_port(), free_port()
        two = RelaySettings(name="test relay", allow=None, port=first, stun_alternate=("127.0.0.2", second))
        server = RelayServer(two, world.clock)
        await server.start()
        found = await survey([("127.0.0.1", first)], world.clock)
        assert (found.nat, found.filtering) == (False, FilteringKind.ENDPOINT_INDEPENDENT)
        assert found.mapping is MappingKind.ENDPOINT_INDEPENDENT
        await server.stop()

    world.run(main())


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def coturn(program: str, folder: Path) -> AsyncIterator[int]:
    """Somebody else's STUN server, with two addresses and two ports."""
    port, other = free_port(), free_port()
    options = ["-n", "--stun-only", "--no-auth", "--no-tls", "--no-dtls", "--no-cli"]
    manual = subprocess.run([program, "--help"], capture_output=True, text=True, check=False).stdout  # noqa: ASYNC221  before anything runs
    if " --rfc5780" in manual:  # newer versions want to be asked
        options.append("--rfc5780")
    listening = ("-L", "127.0.0.1", "-L", "127.0.0.2", "-p", str(port), "--alt-listening-port", str(other))
    files = ("--pidfile", str(folder / "pid"), "--log-file", "stdout", "--userdb", str(folder / "db"))
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        *listening,
        *files,
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def test_a_server_of_others_with_two_addresses_tells_the_filtering_too(world: World, tmp_path: Path) -> None:
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("the Debian package coturn has the server turnserver, and is not installed")

    async def main() -> None:
        async with coturn(program, tmp_path) as port:
            found = Behaviour()
            while not found.udp:  # it takes a moment to start
                found = await survey([("127.0.0.1", port)], world.clock)
            assert (found.nat, found.filtering) == (False, FilteringKind.ENDPOINT_INDEPENDENT)

    world.run(main())
