"""The chapter of the direct path's own cost, once, with a handful of echoes through real processes."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

from bench import direct_udp


def test_every_echo_is_compared_with_a_bare_one(by_name: Any) -> None:
    figures = by_name(asyncio.run(asyncio.wait_for(direct_udp.measure(50), 120)))
    assert multiprocessing.active_children() == []
    there_and_back = figures["a datagram there and back on the direct path, median"]
    assert there_and_back.baseline > 0
    assert 0 < there_and_back.value <= figures["99th percentile"].value
    added = figures["what the path adds to bare UDP, median"]
    assert added.value == there_and_back.value - there_and_back.baseline
    assert added.limit == 150
