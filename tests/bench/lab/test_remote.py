"""One end as a program elsewhere: what it says is waited for, and what it does not say is told."""

from __future__ import annotations

import asyncio
import sys

import pytest

from bench.lab.machines import LabError
from bench.lab.remote import TCP, require
from tests.bench.lab.conftest import two_ends

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends read orders as only POSIX systems can")


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


def test_a_law_that_does_not_hold_is_told() -> None:
    require(True, "fine")
    with pytest.raises(LabError, match="three doubled"):
        require(False, "three doubled")
