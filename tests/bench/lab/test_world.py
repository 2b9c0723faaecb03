"""A small internet, and nothing of it remains."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from bench.lab.machines import why_not
from bench.lab.rules import Kind
from bench.lab.world import world
from tests.bench.lab.conftest import Probe

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def test_a_relay_has_an_address_of_its_own_on_either_network_or_on_both(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            one, other = await lab.relay(lab.ipv4), await lab.relay(lab.ipv6)
            assert (one.url, other.url) == ("ws://203.0.113.2:9000", "ws://[2001:db8::3]:9000")
            assert await lab.relay_for_both() == ("ws://203.0.113.4:9000", "ws://[2001:db8::5]:9000")
            here, there = await Probe.open(lab.host(lab.ipv4)), await Probe.open(lab.host(lab.ipv6), "::")
            assert await here.dials("203.0.113.2", 9000, 10) == "connected"
            assert await there.dials("2001:db8::3", 9000, 10) == "connected"
            assert await here.dials("203.0.113.4", 9000, 10) == "connected"
            assert await there.dials("2001:db8::5", 9000, 10) == "connected"
            await one.stop()
            assert await here.dials("203.0.113.2", 9000, 10) == "ConnectionRefusedError"

    asyncio.run(asyncio.wait_for(main(), 60))


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
