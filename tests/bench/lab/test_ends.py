"""One end as a program: what it says, and what it obeys."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bench.lab.pair import Pair
from tests.bench.lab.conftest import Here, relay_here
from tunnel.identity import Identity

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="reads orders as only POSIX systems can")


def test_an_end_waits_for_its_order_and_plays_at_the_rate_it_is_told() -> None:
    async def main() -> None:
        async with relay_here() as url, Pair(Here(), Here(), [url], only_relays=True, rate=0) as pair:
            assert pair.receiver.facts[0]["what"] == "ready"
            await pair.sender.until(lambda: pair.sender.when("connected") is not None, "connected")
            assert not pair.receiver.played
            await pair.set_rate(100)
            await pair.inputs_flow(5)
            await pair.set_rate(0)
            await pair.nothing_was_lost_or_doubled()
            assert [path["url"] for path in pair.sender.paths.values()] == [url]

    asyncio.run(asyncio.wait_for(main(), 60))


def test_an_end_whose_orders_end_before_they_began_ends_too() -> None:
    async def main() -> None:
        settings: dict[str, object] = {
            "role": "sender", "secret": "11" * 32, "peer": Identity.create().public.hex,
            "relays": ["ws://127.0.0.1:1"], "direct": None, "meeting": {}, "rate": 1, "look_ms": 20,
        }  # fmt: skip
        program = await Here().start(sys.executable, "-m", "bench.lab.ends", json.dumps(settings))
        said, _ = await program.communicate(b"")
        assert [json.loads(line)["what"] for line in said.splitlines()][-1] == "end"
        assert program.returncode == 0

    asyncio.run(asyncio.wait_for(main(), 60))


def test_ends_without_a_relay_meet_by_letters_in_a_folder_or_by_hand(tmp_path: Path) -> None:
    async def main() -> None:
        here = {"hosts": ["127.0.0.1"]}
        shared = {"folder": str(tmp_path / "shared")}
        async with Pair(Here(), Here(), [], direct=here, meeting=shared) as pair:
            await pair.inputs_flow()
            await pair.nothing_was_lost_or_doubled()
        letters = tmp_path / "alice", tmp_path / "bob"
        async with Pair(Here(), Here(), [], direct=here, letters=letters) as pair:
            await pair.sender.until(lambda: all((one / "own.letter").exists() for one in letters), "written")
            for one, other in (letters, letters[::-1]):
                (other / "peer.letter").write_bytes((one / "own.letter").read_bytes())
            await pair.inputs_flow()

    asyncio.run(asyncio.wait_for(main(), 100))
