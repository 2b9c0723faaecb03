"""What two ends cost while nobody plays: bytes that leave one, and what it computes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.lab.machines import cpu_s
from bench.lab.pair import Pair

_LOOK_MS: Final = 1_000.0  # to look at the paths costs too
# The second search comes half a minute after the first, in case somebody is just at the other machine. From
# the third on it is one a minute, and soon fewer.
_SETTLE_S: Final = 45.0


@dataclass(frozen=True, slots=True)
class Idle:
    """Of the sender: bytes a second with all headers, and its share of one core."""

    bytes_per_s: float
    cpu: float


async def idle(start: Callable[..., Pair], seconds: float) -> Idle:
    """For so long: from when the ends are connected, or have searched twice and found nothing.

    `start` makes the pair, given what it is to be told besides. NotSeenError if they never connect, or find
    each other directly.
    """
    async with start(rate=0, look_ms=_LOOK_MS) as pair:
        sender, machine = pair.sender, pair.machines[0]
        await sender.until(lambda: sender.when("connected") is not None, "connected")
        pair.settled()
        if pair.looks_for_direct_paths:
            await pair.direct_is_given_up()
            await asyncio.sleep(_SETTLE_S)
        loop = asyncio.get_running_loop()
        began, sent, computed = loop.time(), machine.sent_bytes(), cpu_s(sender.process.pid)
        await asyncio.sleep(seconds)
        took = loop.time() - began
        return Idle((machine.sent_bytes() - sent) / took, (cpu_s(sender.process.pid) - computed) / took)
