"""Holes and seals: the same for both ends, another for each end and day, and nothing a stranger could use."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.identity import Identity
from tunnel.rendezvous.keys import NEAR_MIDNIGHT_MS, MeetingKeys, day_of
from tunnel.room import DAY_MS

BOT, CLOUD, OTHER = (Identity(bytes(31) + bytes((n,))) for n in (1, 2, 3))
NOON = 20_000 * DAY_MS + DAY_MS // 2


@given(st.integers(-40_000, 400_000))
def test_each_end_looks_where_the_other_writes(day: int) -> None:
    bot, cloud = MeetingKeys(BOT, CLOUD.public), MeetingKeys(CLOUD, BOT.public)
    assert bot.ours(day) == cloud.theirs(day)
    assert bot.theirs(day) == cloud.ours(day)


def test_writers_days_and_pairs_share_nothing() -> None:
    pairs = (MeetingKeys(BOT, CLOUD.public), MeetingKeys(BOT, OTHER.public))
    found = [keys for pair in pairs for day in range(200) for keys in (pair.ours(day), pair.theirs(day))]
    parts = [part for keys in found for part in (*keys.hole, keys.seal)]
    assert len(set(parts)) == 800 * 3


def test_nobody_else_can_work_them_out() -> None:
    ours = MeetingKeys(BOT, CLOUD.public).ours(5)
    strangers = MeetingKeys(OTHER, BOT.public), MeetingKeys(OTHER, CLOUD.public)
    assert ours not in [part for stranger in strangers for part in (stranger.ours(5), stranger.theirs(5))]


def test_at_noon_only_the_day_s_hole_is_looked_at() -> None:
    keys = MeetingKeys(BOT, CLOUD.public)
    assert keys.own(NOON) == keys.ours(20_000).hole
    assert keys.peer(NOON) == (keys.theirs(20_000).hole,)


@pytest.mark.parametrize(
    ("after_midnight", "days"),
    [
        (-NEAR_MIDNIGHT_MS - 1, [20_000]),
        (-NEAR_MIDNIGHT_MS, [20_000, 20_001]),
        (-1, [20_000, 20_001]),
        (0, [20_001, 20_000]),
        (NEAR_MIDNIGHT_MS - 1, [20_001, 20_000]),
        (NEAR_MIDNIGHT_MS, [20_001]),
    ],
)
def test_around_midnight_the_neighbour_day_s_hole_is_looked_at_too(
    after_midnight: int, days: list[int]
) -> None:
    keys = MeetingKeys(BOT, CLOUD.public)
    holes = keys.peer(20_001 * DAY_MS + after_midnight)
    assert holes == tuple(keys.theirs(day).hole for day in days)


@given(
    st.integers(0, 40_000 * DAY_MS),
    st.integers(-NEAR_MIDNIGHT_MS, NEAR_MIDNIGHT_MS),
)
def test_clocks_that_differ_by_up_to_an_hour_always_meet(now: int, apart: int) -> None:
    bot, cloud = MeetingKeys(BOT, CLOUD.public), MeetingKeys(CLOUD, BOT.public)
    assert bot.own(now) in cloud.peer(now + apart)


def test_what_is_kept_does_not_grow() -> None:
    keys = MeetingKeys(BOT, CLOUD.public)
    for day in range(1_000):
        keys.peer(day * DAY_MS)
    assert len(keys._kept) <= 8


def test_days_are_counted_since_1970() -> None:
    assert [day_of(now) for now in (-1, 0, DAY_MS - 0.5, DAY_MS)] == [-1, 0, 0, 1]


def test_the_keys_are_those_the_documentation_describes() -> None:
    """HKDF spelt out (RFC 5869): extract with a salt of zeros, then expand."""
    root = hmac.digest(bytes(32), BOT.exchange(CLOUD.public.bytes), hashlib.sha256)
    info = b"crowdpad letters" + BOT.public.bytes + (5).to_bytes(8, "little")
    made, block = b"", b""
    for count in range(1, 5):
        block = hmac.digest(root, block + info + bytes((count,)), hashlib.sha256)
        made += block
    keys = MeetingKeys(BOT, CLOUD.public).ours(5)
    assert keys.hole.name + keys.hole.seed + keys.seal == made[:112]
