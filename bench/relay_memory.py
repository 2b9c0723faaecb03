"""What a relay weighs with many members who say nothing: the relay's own process, measured from another.

The relay runs in a process of its own, so that the members' side of the connections is not counted. Members
are real: each has its own key, logs in, and keeps its connection.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

from tunnel.identity import Identity
from tunnel.relay.descriptors import most_connections
from tunnel.relay.login import Challenge, Login
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelayLimits, RelaySettings
from tunnel.wallclock import WallClock

_ROOT: Final = Path(__file__).resolve().parent.parent
_MEBIBYTE: Final = 2**20
_DEADLINE_S: Final = 120.0
# How many log in at the same time: fewer than the relay lets wait from one address.
_AT_ONCE: Final = 16


def measure(members: int) -> dict[str, float]:
    """Resident memory of a relay, in MiB: empty, and with `members` idle members in rooms of two.

    Returns members, empty_mib, full_mib and per_member_kib. RuntimeError where the system does not tell.
    """
    return asyncio.run(asyncio.wait_for(_measure(members), _DEADLINE_S))


async def _measure(members: int) -> dict[str, float]:
    if most_connections(members) < members:
        raise RuntimeError(f"this system lets no process have {members} connections")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.relay_memory",
        cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    connections: list[ClientConnection] = []
    try:
        port = int((await _ask(process))["port"])
        empty = await _ask(process)
        places = asyncio.Semaphore(_AT_ONCE)
        connections += await asyncio.gather(*[_join(port, n // 2, places) for n in range(members)])
        full = await _ask(process)
    finally:
        for connection in connections:
            connection.transport.abort()
        process.terminate()
        await process.wait()
    if full["members"] != members:
        raise RuntimeError(f"{full['members']} members are inside, not {members}")
    empty_mib, full_mib = empty["bytes"] / _MEBIBYTE, full["bytes"] / _MEBIBYTE
    return {
        "members": members,
        "empty_mib": round(empty_mib, 1),
        "full_mib": round(full_mib, 1),
        "per_member_kib": round((full_mib - empty_mib) * 1024 / members, 1),
    }


async def _ask(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """A line to the relay's process, a line back."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("the relay's process ended early")
    answer: dict[str, Any] = json.loads(line)
    return answer


async def _join(port: int, pair: int, places: asyncio.Semaphore) -> ClientConnection:
    identity = Identity.create()
    async with places:
        connection = await connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None)
        challenge = Challenge.parse(str(await connection.recv()))
        signature = identity.sign_text(challenge.signed_text())
        rooms = (pair.to_bytes(16, "big"), bytes([1]) + pair.to_bytes(15, "big"))
        await connection.send(Login(identity.public.address, signature, rooms).to_json())
        await connection.recv()
    return connection


async def _relay() -> None:
    """The measured process: a relay that answers each line on stdin with a line about itself."""
    settings = RelaySettings(name="memory", allow=None, limits=RelayLimits(connections=20_000, rooms=20_000))
    server = RelayServer(settings, WallClock())
    await server.start()
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.buffer.readline):
        about = {"port": server.port, "members": server.snapshot()["members"], "bytes": _resident()}
        print(json.dumps(about), flush=True)
    await server.stop()


def _resident() -> int:
    """Bytes of this process in memory now."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError as error:
        raise RuntimeError("resident memory is read from /proc, which this system lacks") from error
    import resource  # does not exist on Windows, which was left a line above

    return pages * resource.getpagesize()


if __name__ == "__main__":
    asyncio.run(_relay())
