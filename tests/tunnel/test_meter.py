from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.meter import HOUR_MS, OVERHEAD, Bill, Cap, Caps, Meter, next_hour

A, B = "wss://a.example.org", "wss://b.example.org"
NOON = 500_000 * HOUR_MS


def test_bytes_are_counted_until_the_hour_turns() -> None:
    meter = Meter()
    assert meter.used(NOON) == 0
    meter.count(700, NOON)
    meter.count(300, NOON + HOUR_MS - 1)
    assert meter.used(NOON + HOUR_MS - 1) == 1_000
    assert meter.used(NOON + HOUR_MS) == 0
    meter.count(5, NOON + 7 * HOUR_MS)
    assert meter.used(NOON + 7 * HOUR_MS) == 5


@pytest.mark.parametrize("step", [-HOUR_MS, -1.0, 10 * HOUR_MS])
def test_a_system_that_is_set_to_another_hour_begins_it_at_zero_and_stays_spent_for_no_longer(
    step: float,
) -> None:
    bill = Bill(caps=[Cap("it", 1_000)])
    bill.count(1_000, NOON)
    assert bill.is_spent(NOON)
    assert not bill.is_spent(NOON + step)
    bill.count(1_000, NOON + step)
    assert bill.is_spent(NOON + step)


@pytest.mark.parametrize("now", [NOON, NOON + 1, NOON + HOUR_MS - 1])
def test_the_hour_turns_after_now_and_within_an_hour(now: float) -> None:
    assert next_hour(now) == NOON + HOUR_MS


@pytest.mark.parametrize(
    ("used", "spared", "spent"),
    [(0, False, False), (799, False, False), (800, True, False), (999, True, False), (1_000, True, True),
     (5_000, True, True)],
)  # fmt: skip
def test_a_path_is_spared_from_four_fifths_of_its_cap_on_and_spent_at_all_of_it(
    used: int, spared: bool, spent: bool
) -> None:
    bill = Bill(caps=[Cap("it", 1_000)])
    bill.count(used, NOON)
    assert (bill.is_spared(NOON), bill.is_spent(NOON)) == (spared, spent)
    later = NOON + HOUR_MS
    assert not bill.is_spared(later)
    assert not bill.is_spent(later)


def test_a_path_without_a_cap_may_use_what_it_likes() -> None:
    bill = Bill(100)
    bill.count(10**15, NOON)
    assert (bill.limit, bill.is_spared(NOON), bill.is_spent(NOON)) == (None, False, False)
    assert bill.used(NOON) == 10**15 + 100


def test_what_a_datagram_is_wrapped_in_is_paid_for_too() -> None:
    bill = Caps({"relays": 1_000}).bill("relay", A)
    bill.count(60, NOON)
    assert bill.used(NOON) == 60 + OVERHEAD["relay"] == 162


def test_paths_of_one_name_share_its_cap() -> None:
    caps = Caps({"relays": 1_000})
    one, other, direct = caps.bill("relay", A), caps.bill("relay", B), caps.bill("direct udp", "udp:")
    one.count(600, NOON)
    other.count(600, NOON)
    direct.count(600, NOON)
    assert one.used(NOON) == other.used(NOON) < one.caps[0].limit
    assert one.is_spent(NOON)
    assert other.is_spent(NOON)
    assert not direct.is_spent(NOON)


def test_a_path_keeps_to_every_cap_it_is_meant_by() -> None:
    caps = Caps({"relays": 5_000, A: 1_000, "direct": 9_000})
    one, other = caps.bill("relay", A), caps.bill("relay", B)
    assert (one.limit, other.limit) == (1_000, 5_000)
    one.count(1_000, NOON)
    assert one.is_spent(NOON)
    assert not other.is_spared(NOON)
    assert caps.bill("direct udp", "udp:").limit == caps.bill("direct tcp", "tcp:").limit == 9_000


@given(st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 5 * HOUR_MS)), max_size=40))
def test_the_count_of_an_hour_is_what_was_counted_in_it(said: list[tuple[int, float]]) -> None:
    meter, now = Meter(), NOON
    counted: dict[float, int] = {}
    for size, wait in said:
        now += wait
        meter.count(size, now)
        counted[now // HOUR_MS] = counted.get(now // HOUR_MS, 0) + size
        assert meter.used(now) == counted[now // HOUR_MS]
