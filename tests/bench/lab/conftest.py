"""What the tests of the laboratory share: plain sockets on its machines, and ends that need no machine."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench.lab.machines import Machine
from bench.lab.pair import Pair
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelaySettings
from tunnel.wallclock import WallClock

_ROOT: Final = Path(__file__).resolve().parents[3]
# One UDP socket at a port. Reads orders: `send HOST PORT` sends there, `hear` prints who was heard, and waits
# for a while when that is nobody: packets cross this small world in no time. `dial` is for TCP.
_PROBE: Final = """
import select, socket, sys
host = sys.argv[1]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.bind((host, int(sys.argv[2])))
print("ready", flush=True)
for line in sys.stdin:
    order, *words = line.split()
    if order == "send":
        sock.sendto(b"hello", (words[0], int(words[1])))
        print("sent", flush=True)
    elif order == "dial":
        try:
            socket.create_connection((words[0], int(words[1])), float(words[2])).close()
            print("connected", flush=True)
        except OSError as error:
            print(type(error).__name__, flush=True)
    else:
        heard = select.select([sock], [], [], float(words[0]))[0]
        print(*(sock.recvfrom(100)[1][:2] if heard else ["nobody"]), flush=True)
"""


class Probe:
    """A socket on a machine."""

    @classmethod
    async def open(cls, machine: Machine, host: str = "0.0.0.0", port: int = 5000) -> Probe:
        probe = cls()
        probe._process = await machine.start(sys.executable, "-c", _PROBE, host, str(port))
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

    async def dials(self, host: str, port: int, patience_s: float) -> str:
        """Returns "connected", or the name of the error."""
        return " ".join(await self._order(f"dial {host} {port} {patience_s}"))

    async def _order(self, text: str) -> list[str]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        return await self._said()

    async def _said(self) -> list[str]:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().split()


@contextlib.asynccontextmanager
async def relay_here() -> AsyncIterator[str]:
    """One on this machine that lets everybody in: its URL."""
    server = RelayServer(RelaySettings(name="here", allow=None), WallClock())
    await server.start()
    try:
        yield f"ws://127.0.0.1:{server.port}"
    finally:
        await server.stop()


class Here(Machine):
    """This very machine, without a namespace: for what can be tested without root."""

    def __init__(self) -> None:
        pass

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        pipe = subprocess.PIPE
        return await asyncio.create_subprocess_exec(*command, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


@contextlib.asynccontextmanager
async def two_ends(**settings: object) -> AsyncIterator[Pair]:
    """On this machine's loopback, over one relay."""
    async with (
        relay_here() as url,
        Pair(Here(), Here(), [url], **settings) as pair,  # type: ignore[arg-type]  # any of them
    ):
        yield pair
