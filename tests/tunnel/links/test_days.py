from __future__ import annotations

from tunnel.links.days import RelayDays
from tunnel.room import DAY_MS


def name(day: int, relay: str = "ams1") -> bytes:
    return relay.encode() + day.to_bytes(12, "big")


def room_name(relay: str, day: int) -> bytes:
    return name(day, relay)


def test_a_member_is_in_todays_room_and_in_tomorrows() -> None:
    assert RelayDays(room_name, "ams1", relay_ms=5 * DAY_MS + 1, now=0).rooms() == (name(5), name(6))


def test_days_are_the_relays_whatever_our_clock_says() -> None:
    days = RelayDays(room_name, "ams1", relay_ms=5 * DAY_MS, now=-1e12)
    assert days.rooms() == (name(5), name(6))


def test_at_the_relays_midnight_the_rooms_change_once() -> None:
    days = RelayDays(room_name, "ams1", relay_ms=6 * DAY_MS - 1_000, now=100)
    assert not days.turned(1_099)
    assert days.turned(1_100)
    assert days.rooms() == (name(6), name(7))
    assert not days.turned(1_101)


def test_a_machine_that_slept_for_days_catches_up() -> None:
    days = RelayDays(room_name, "ams1", relay_ms=0, now=0)
    assert days.turned(3.5 * DAY_MS)
    assert days.rooms() == (name(3), name(4))
