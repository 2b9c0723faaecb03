"""Our clients ask somebody else's router for a port, miniupnpd, and the two join who could not without it."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from bench.lab.grid import home
from bench.lab.machines import why_not
from bench.lab.pair import Pair
from bench.lab.remote import UDP
from bench.lab.routers import Router
from bench.lab.rules import Kind
from bench.lab.world import world
from tests.lab.conftest import Cell, Note, try_cells

REASON = why_not()
if REASON is None and shutil.which("miniupnpd") is None:
    REASON = "port mapping is tried against miniupnpd (Debian: miniupnpd-nftables)"
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))

WAYS: Final = ("PCP", "NAT-PMP", "UPnP")
_READY_S: Final = 60.0
# Where the daemon writes what it opens. Its forward chain only accepts, and here all may pass anyway.
_CHAINS: Final = """
table inet filter {
  chain forward { type filter hook forward priority filter; jump miniupnpd; }
  chain prerouting { type nat hook prerouting priority dstnat; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority srcnat; jump postrouting_miniupnpd; }
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
}
"""
# The first byte of a question is its version: 2 is PCP's, 0 NAT-PMP's.
_NO_PCP: Final = """
table inet old {
  chain in { type filter hook input priority filter
    udp dport 5351 @th,64,8 2 drop
  }
}
"""


async def open_ports(router: Router, folder: Path, way: str) -> None:
    """From now on the router opens ports to whoever asks in this way."""
    router.machine.nft(_CHAINS)
    if way != "PCP":
        router.machine.nft(_NO_PCP)
    config = folder / f"{router.machine.name}.conf"
    config.write_text(
        "ext_ifname=wan\nlistening_ip=lan\nsecure_mode=yes\nsystem_uptime=yes\n"
        f"enable_natpmp={'no' if way == 'UPnP' else 'yes'}\nenable_upnp={'yes' if way == 'UPnP' else 'no'}\n"
        f"uuid={uuid.uuid4()}\nallow 1024-65535 0.0.0.0/0 1024-65535\ndeny 0-65535 0.0.0.0/0 0-65535\n"
    )
    pid = str(config.with_suffix(".pid"))
    daemon = await router.machine.start("miniupnpd", "-d", "-f", str(config), "-P", pid)
    assert daemon.stderr is not None
    said = []
    async with asyncio.timeout(_READY_S):
        while (line := await daemon.stderr.readline()) and b"isten" not in line:
            said.append(line.decode(errors="replace"))
    assert line, "".join(said)


async def closes_its_ports(router: Router, way: str) -> None:
    """All that were open; whoever asked has said goodbye."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _READY_S
    while "dnat" in (listed := router.machine.nft("list table inet filter")):
        assert loop.time() < deadline, f"{way}: still open: {listed}"
        await asyncio.sleep(0.1)


def test_a_symmetric_router_that_opens_a_port_is_joined_in_each_of_the_ways_to_ask(
    tmp_path: Path, note: Note
) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            relays = [(await lab.relay(lab.ipv4)).url for _ in range(2)]

            # miniupnpd opens no ports at addresses for documentation. Nothing of these leaves the laboratory.
            above = lab.network("11.0.0.")
            routers = {way: lab.router(Kind.SYMMETRIC, above) for way in WAYS}
            for way, router in routers.items():
                await open_ports(router, tmp_path, way)

            def pair(router: Router) -> Pair:
                homes = home(lab, Kind.PORT_RESTRICTED), lab.host(router.inside)
                return Pair(*homes, relays, direct={"router": True})

            cells = [
                Cell(f"port-restricted x symmetric, {way}", partial(pair, router), UDP, "11.0.0.")
                for way, router in routers.items()
            ]
            await try_cells(cells, note)
            for way in ("PCP", "NAT-PMP"):  # with UPnP a slow machine may not have the time: it ends first
                await closes_its_ports(routers[way], way)

    asyncio.run(asyncio.wait_for(main(), 200))
