"""What two ends cost while nobody plays."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bench.lab.idle import idle
from bench.lab.machines import why_not
from bench.lab.pair import Pair
from bench.lab.world import world

REASON = why_not()
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


def test_ends_that_rest_still_send_their_heartbeats_and_little_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            relay = await lab.relay(lab.ipv4)
            homes = lab.host(lab.ipv4), lab.host(lab.ipv4)
            cost = await idle(partial(Pair, *homes, [relay.url], only_relays=True), 2)
            assert 60 < cost.bytes_per_s < 2_000  # a heartbeat a second has 60 bytes and the headers
            assert 0 <= cost.cpu < 1

    asyncio.run(asyncio.wait_for(main(), 60))
