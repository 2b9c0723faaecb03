from __future__ import annotations

import itertools

import pytest

from tunnel.nat.stun import Address
from tunnel.relay.stun_corners import Corners

CORNERS = Corners(("192.0.2.1", 1), ("192.0.2.2", 2))


@pytest.mark.parametrize(
    ("at", "ip", "port", "origin"),
    [
        (("192.0.2.1", 1), False, False, ("192.0.2.1", 1)),
        (("192.0.2.1", 1), True, False, ("192.0.2.2", 1)),
        (("192.0.2.1", 1), False, True, ("192.0.2.1", 2)),
        (("192.0.2.1", 1), True, True, ("192.0.2.2", 2)),
        (("192.0.2.2", 1), True, True, ("192.0.2.1", 2)),
        (("192.0.2.1", 2), False, True, ("192.0.2.1", 1)),
    ],
)
def test_an_answer_comes_from_where_it_was_wanted(at: Address, ip: bool, port: bool, origin: Address) -> None:
    assert CORNERS.changed(at, ip=ip, port=port) == origin


def test_there_are_four_and_each_has_its_opposite() -> None:
    assert set(CORNERS.all) == set(itertools.product(("192.0.2.1", "192.0.2.2"), (1, 2)))
    for corner in CORNERS.all:
        opposite = CORNERS.opposite(corner)
        assert opposite[0] != corner[0]
        assert opposite[1] != corner[1]
        assert CORNERS.opposite(opposite) == corner


@pytest.mark.parametrize("second", [("192.0.2.1", 2), ("192.0.2.2", 1), ("2001:db8::1", 2)])
def test_less_than_four_corners_are_none(second: Address) -> None:
    with pytest.raises(ValueError, match="four corners"):
        Corners(("192.0.2.1", 1), second)
