"""Two ends, what they say, and what is asked of them: here on one machine, without any laboratory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bench.lab.machines import LabError
from bench.lab.pair import TCP, UDP, Pair, require
from tests.bench.lab.conftest import Here, relay_here

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends read orders as only POSIX systems can")


@asynccontextmanager
async def two_ends(**settings: object) -> AsyncIterator[Pair]:
    """On this machine's loopback, over one relay."""
    async with (
        relay_here() as url,
        Pair(Here(), Here(), [url], **settings) as pair,  # type: ignore[arg-type]  # any of them
    ):
        yield pair


def test_two_ends_on_one_machine_join_directly_and_say_when() -> None:
    async def main() -> None:
        async with two_ends(direct={"hosts": ["127.0.0.1"]}) as pair:
            await pair.inputs_flow()
            await pair.direct_is_up(UDP)
            first, direct = pair.first_input_ms(), pair.first_direct_ms(UDP)
            assert first is not None
            assert direct is not None
            assert first > 0
            assert direct > 0
            assert f"{UDP} {direct:.0f} ms" in pair.times()
            assert not any(one.losses[UDP] for one in pair.ends)
            await pair.nothing_was_lost_or_doubled()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_what_does_not_happen_is_told_with_what_the_program_said() -> None:
    async def main() -> None:
        async with two_ends(only_relays=True) as pair:
            await pair.inputs_flow(1)
            with pytest.raises(LabError, match="not without legs"):
                await pair.sender.until(lambda: False, "without legs", 0.05)
            with pytest.raises(LabError, match=f"not joined: {TCP}"):
                await pair.direct_is_up(TCP, 0.05)
            assert pair.first_direct_ms(TCP) is None

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_program_that_dies_is_not_waited_for() -> None:
    async def main() -> None:
        async with two_ends(only_relays=True) as pair:
            pair.sender.process.kill()
            began = asyncio.get_running_loop().time()
            with pytest.raises(LabError, match="not back"):
                await pair.sender.until(lambda: False, "back", 1_000)
            assert asyncio.get_running_loop().time() - began < 1_000

    asyncio.run(asyncio.wait_for(main(), 60))


def test_settings_that_no_end_understands_fail_at_the_beginning() -> None:
    async def main() -> None:
        with pytest.raises(LabError, match="unexpected keyword"):
            async with two_ends(direct={"legs": 4}):
                pass

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_law_that_does_not_hold_is_told() -> None:
    require(True, "fine")
    with pytest.raises(LabError, match="three doubled"):
        require(False, "three doubled")


def test_pairs_start_one_after_another_where_there_is_but_one_turn() -> None:
    async def main() -> None:
        turns = asyncio.Semaphore(1)
        async with two_ends(only_relays=True, turns=turns) as one, AsyncExitStack() as stack:
            entering = stack.enter_async_context(two_ends(only_relays=True, turns=turns))
            other = asyncio.create_task(entering)
            await one.inputs_flow(1)
            assert not other.done()
            one.settled()
            one.settled()
            await (await other).inputs_flow(1)
            assert turns.locked()
        assert not turns.locked()

    asyncio.run(asyncio.wait_for(main(), 60))
