from __future__ import annotations

import pytest

from tunnel.relay.door import Door, origin
from tunnel.relay.settings import RelayLimits


def door(connections: int = 100, waiting: int = 100, waiting_per_address: int = 100) -> Door:
    return Door(
        RelayLimits(connections=connections, waiting=waiting, waiting_per_address=waiting_per_address)
    )


def test_members_keep_their_places_while_a_flood_waits() -> None:
    d = door(waiting=2)
    assert d.knock("10.0.0.1")
    d.seat("10.0.0.1")
    assert [d.knock(f"10.0.1.{n}") for n in range(4)] == [True, True, False, False]
    assert (d.connections, d.waiting, d.counters["waiting"]) == (3, 2, 2)


def test_one_address_cannot_take_all_waiting_places() -> None:
    d = door(waiting_per_address=1)
    assert [d.knock(a) for a in ("10.0.0.1", "10.0.0.1", "10.0.0.2")] == [True, False, True]
    assert d.counters["waiting_per_address"] == 1


def test_there_is_a_limit_to_all_connections_together() -> None:
    d = door(connections=1)
    assert d.knock("10.0.0.1")
    d.seat("10.0.0.1")
    assert not d.knock("10.0.0.2")
    d.leave("10.0.0.1", seated=True)
    assert d.knock("10.0.0.2")


def test_who_leaves_frees_the_place_and_is_forgotten() -> None:
    d = door(waiting_per_address=1)
    for n in range(50):
        assert d.knock(f"10.0.0.{n}")
        d.leave(f"10.0.0.{n}", seated=False)
    assert (d.connections, d.waiting) == (0, 0)
    assert not d._waiting_from


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_one_address(address: str, expected: str) -> None:
    assert origin(address) == expected
