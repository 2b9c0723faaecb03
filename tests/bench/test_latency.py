"""The latency chapter, once, with a handful of lines through real processes."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

from bench import latency


def test_every_line_is_followed_from_chat_to_device(by_name: Any) -> None:
    figures = by_name(asyncio.run(asyncio.wait_for(latency.measure(20), 120)))
    assert multiprocessing.active_children() == []
    median = figures["chat line to device call, median"]
    worst = figures["chat line to device call, 99th percentile"]
    assert 0 < median.value <= worst.value
    assert 0 < median.baseline <= worst.baseline
    assert all(figure.ratio and figure.met is not None for figure in (median, worst))
    parts = [figure for name, figure in figures.items() if name.startswith("of it: ")]
    assert len(parts) == 3
    assert all(0 <= part.value <= worst.value for part in parts)
