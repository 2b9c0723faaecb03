"""Which ports are tried."""

from __future__ import annotations

import pytest

from tunnel.links import ports


@pytest.mark.parametrize(("allowed", "most"), [(None, 1), ((4_000, 4_000), 1), ((1_000, 60_000), 21)])
def test_of_the_ports_allowed_a_few_are_tried(allowed: tuple[int, int] | None, most: int) -> None:
    some = ports.some(allowed)
    assert 1 <= len(some) <= most
    low, high = allowed or (0, 0)
    assert low <= min(some) <= max(some) <= high
