"""Two ends, what they say, and what is asked of them: here on one machine, without any laboratory."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack

import pytest

from bench.lab.machines import LabError
from bench.lab.remote import UDP
from tests.bench.lab.conftest import two_ends

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends read orders as only POSIX systems can")


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


def test_settings_that_no_end_understands_fail_at_the_beginning() -> None:
    async def main() -> None:
        with pytest.raises(LabError, match="unexpected keyword"):
            async with two_ends(direct={"legs": 4}):
                pass

    asyncio.run(asyncio.wait_for(main(), 60))


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
