"""What two ends cost while nobody plays: bytes that leave one, and what it computes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from bench.lab.machines import Machine, cpu_s
from bench.lab.pair import Pair

_LOOK_MS: Final = 1_000.0  # to look at the paths costs too


@dataclass(frozen=True, slots=True)
class Idle:
    """Of the sender: bytes a second with all headers, and its share of one core."""

    bytes_per_s: float
    cpu: float


async def idle(
    sender_on: Machine, receiver_on: Machine, relays: list[str], seconds: float, *, only_relays: bool
) -> Idle:
    """For so long, from when the ends are connected and have searched once and found nothing.

    NotSeenError if they never connect, or find each other directly.
    """
    async with Pair(
        sender_on, receiver_on, relays, only_relays=only_relays, rate=0, look_ms=_LOOK_MS
    ) as pair:
        sender = pair.sender
        await sender.until(lambda: sender.when("connected") is not None, "connected")
        if not only_relays:
            await pair.direct_is_given_up()
        loop = asyncio.get_running_loop()
        began, sent, computed = loop.time(), sender_on.sent_bytes(), cpu_s(sender.process.pid)
        await asyncio.sleep(seconds)
        took = loop.time() - began
        return Idle((sender_on.sent_bytes() - sent) / took, (cpu_s(sender.process.pid) - computed) / took)
