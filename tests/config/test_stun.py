from __future__ import annotations

import pytest

from config.stun import stun_misfits


def slips(
    listen: str = "198.51.100.1:8765", at: str | None = None, alternate: str | None = None
) -> list[str]:
    return [misfit.path[0] for misfit in stun_misfits(listen, at, alternate, stun=True)]  # type: ignore[misc]  # names


@pytest.mark.parametrize(
    "at", ["stun.example.org:1", "Stun.Example.org.:1", "198.51.100.1:1", "[2001:db8::1]:1"]
)
def test_members_are_told_an_address_or_a_full_name(at: str) -> None:
    assert slips(at=at) == []


@pytest.mark.parametrize("at", ["relay:1", "localhost:1", "0.0.0.0:1", "[::]:1", "a.0x7f:1", "relay.:1"])
def test_members_are_told_nothing_else(at: str) -> None:
    assert slips(at=at) == ["stun_at"]


@pytest.mark.parametrize(
    ("listen", "alternate"),
    [("198.51.100.1:8765", "198.51.100.2:8766"), ("[2001:db8::1]:8765", "[2001:db8::2]:1")],
)
def test_two_addresses_have_two_ports(listen: str, alternate: str) -> None:
    assert slips(listen, alternate=alternate) == []


@pytest.mark.parametrize(
    ("listen", "alternate"),
    [
        ("198.51.100.1:8765", "relay.example.org:8766"),
        ("198.51.100.1:8765", "0.0.0.0:8766"),
        ("0.0.0.0:8765", "198.51.100.2:8766"),
        ("relay.example.org:8765", "198.51.100.2:8766"),
        ("198.51.100.1:0", "198.51.100.2:8766"),
        ("198.51.100.1:8765", "[2001:db8::1]:8766"),
        ("198.51.100.1:8765", "198.51.100.1:8766"),
        ("198.51.100.1:8765", "198.51.100.2:8765"),
    ],
)
def test_anything_less_is_refused(listen: str, alternate: str) -> None:
    assert slips(listen, alternate=alternate) == ["stun_alternate"]


def test_where_nothing_is_answered_there_is_nothing_to_say_about_it() -> None:
    found = stun_misfits("198.51.100.1:1", "198.51.100.1:1", "198.51.100.2:2", stun=False)
    assert [misfit.path for misfit in found] == [("stun_at",), ("stun_alternate",)]
