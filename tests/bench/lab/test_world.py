"""The laboratory's routers do what their kind says, by plain sockets: nothing of the tunnel is involved."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.lab.machines import Machine, why_not
from bench.lab.rules import Kind
from bench.lab.world import world

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

# One socket at port 5000. Reads orders: `send HOST PORT` sends there, `hear` prints who was heard, and waits
# for a while when that is nobody: packets cross this small world in no time.
PROBE = """
import select, socket, sys
host = sys.argv[1]
sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((host, int(sys.argv[2])))
print("ready", flush=True)
for line in sys.stdin:
    order, *words = line.split()
    if order == "send":
        sock.sendto(b"hello", (words[0], int(words[1])))
        print("sent", flush=True)
    else:
        heard = select.select([sock], [], [], float(words[0]))[0]
        print(*(sock.recvfrom(100)[1][:2] if heard else ["nobody"]), flush=True)
"""


class Probe:
    """A socket on a machine."""

    @classmethod
    async def open(cls, machine: Machine, host: str = "0.0.0.0", port: int = 5000) -> Probe:
        probe = cls()
        probe._process = await machine.start(sys.executable, "-c", PROBE, host, str(port))
        assert await probe._said() == ["ready"]
        return probe

    _process: asyncio.subprocess.Process

    async def send(self, host: str, port: int) -> None:
        await self._order(f"send {host} {port}")

    async def hears(self, host: str, port: int) -> None:
        assert await self._order("hear 20") == [host, str(port)]

    async def hears_somebody(self) -> tuple[str, int]:
        host, port = await self._order("hear 20")
        return host, int(port)

    async def hears_nobody(self) -> None:
        assert await self._order("hear 0.3") == ["nobody"]

    async def _order(self, text: str) -> list[str]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        return await self._said()

    async def _said(self) -> list[str]:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().split()


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


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    async def killed() -> int:
        program = await asyncio.create_subprocess_exec("true")
        await program.wait()
        return program.pid

    async def main() -> None:
        orphan = Machine(f"crowdpad-lab-{await killed()}-0-host1")
        ours = Machine(f"crowdpad-lab-{os.getpid()}-0-host1")
        try:
            async with world(tmp_path):
                names = os.listdir("/run/netns")
            assert orphan.name not in names
            assert ours.name in names
        finally:
            await ours.remove()

    asyncio.run(main())


def test_nothing_of_a_laboratory_remains(tmp_path: Path) -> None:
    before = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()

    async def main() -> None:
        async with world(tmp_path) as lab:
            lab.host(lab.router(Kind.SYMMETRIC).inside)
            await lab.relay(lab.ipv4)
            raise ValueError("something goes wrong")

    with pytest.raises(ValueError, match="goes wrong"):
        asyncio.run(main())
    mine = f"-{os.getpid()}-"
    assert not [name for name in set(os.listdir("/run/netns")) - before if mine in name]
