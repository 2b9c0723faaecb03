"""What is expected of each pair of networks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.lab.grid import CARRIER, NETWORKS, NONE, PAIRS, home, winner
from bench.lab.machines import why_not
from bench.lab.remote import TCP, UDP
from bench.lab.rules import Kind
from bench.lab.world import world

REASON = why_not()


def test_every_kind_meets_every_other_once() -> None:
    assert len({frozenset(pair) for pair in PAIRS}) == len(PAIRS) == len(NETWORKS) * (len(NETWORKS) + 1) // 2


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (NONE, Kind.SYMMETRIC, UDP),
        (Kind.ADDRESS_RESTRICTED, Kind.SYMMETRIC, UDP),
        (Kind.PORT_RESTRICTED, CARRIER, UDP),
        (Kind.PORT_RESTRICTED, Kind.SYMMETRIC, None),
        (Kind.SYMMETRIC, Kind.SYMMETRIC, None),
        (Kind.SYMMETRIC, Kind.NO_UDP, None),
        (CARRIER, Kind.NO_UDP, TCP),
        (Kind.NO_UDP, Kind.NO_UDP, TCP),
    ],
)
def test_what_is_expected_is_what_the_literature_says(one: str, other: str, kind: str | None) -> None:
    assert winner(one, other) == winner(other, one) == kind


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_a_machine_behind_two_routers_of_a_carrier_has_a_home_like_any_other(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as lab:
            for what in NETWORKS:
                machine = home(lab, what)
                machine.ip("route get 203.0.113.1")

    asyncio.run(asyncio.wait_for(main(), 60))
