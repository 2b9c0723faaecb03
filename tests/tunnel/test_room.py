"""Room names: the same for both ends, another every day, and nothing a relay could read."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from tunnel.identity import Identity
from tunnel.room import DAY_MS, ROOM_SIZE, RoomNames

BOT, CLOUD, OTHER = (Identity(bytes(31) + bytes((n,))) for n in (1, 2, 3))


@given(st.integers(-40_000, 400_000))
def test_both_ends_name_the_same_room(day: int) -> None:
    name = RoomNames(BOT, CLOUD.public)("ams1", day)
    assert name == RoomNames(CLOUD, BOT.public)("ams1", day)
    assert len(name) == ROOM_SIZE


def test_names_differ_by_day_and_by_pair() -> None:
    names = {RoomNames(BOT, CLOUD.public)("ams1", day) for day in range(1_000)}
    names |= {RoomNames(BOT, OTHER.public)("ams1", day) for day in range(1_000)}
    assert len(names) == 2_000


def test_each_relay_has_rooms_of_its_own_so_that_none_learns_where_we_meet_elsewhere() -> None:
    names = RoomNames(BOT, CLOUD.public)
    assert names("ams1", 5) != names("fra1", 5)


def test_nobody_else_can_work_the_name_out() -> None:
    name = RoomNames(BOT, CLOUD.public)("ams1", 5)
    assert name not in (RoomNames(OTHER, BOT.public)("ams1", 5), RoomNames(OTHER, CLOUD.public)("ams1", 5))


def test_the_name_is_the_one_the_documentation_describes() -> None:
    """Both sides of every installed pair must go on meeting: the derivation is part of the protocol."""
    secret = hmac.new(BOT.exchange(CLOUD.public.bytes), b"crowdpad room", hashlib.sha256).digest()
    day = 19_675
    expected = hmac.new(secret, day.to_bytes(8, "little") + b"ams1", hashlib.sha256).digest()[:16]
    assert RoomNames(BOT, CLOUD.public)("ams1", day) == expected


def test_a_day_has_its_length() -> None:
    assert DAY_MS == 24 * 60 * 60 * 1000
