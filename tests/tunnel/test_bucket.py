from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.bucket import TokenBucket


def test_a_full_bucket_lets_its_burst_through_and_no_more() -> None:
    bucket = TokenBucket(per_second=10, burst=3)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]


def test_it_refills_at_its_rate_and_never_above_its_burst() -> None:
    bucket = TokenBucket(per_second=10, burst=2)
    assert bucket.take(0, 2)
    assert not bucket.take(99)
    assert bucket.take(100)
    assert bucket.take(1_000_000, 2)
    assert not bucket.take(1_000_000)


def test_what_does_not_fit_costs_nothing() -> None:
    bucket = TokenBucket(per_second=1, burst=5)
    assert not bucket.take(0, 6)
    assert bucket.take(0, 5)


def test_a_clock_that_steps_back_and_forth_refills_nothing() -> None:
    bucket = TokenBucket(per_second=1, burst=1)
    assert bucket.take(10_000)
    assert not bucket.take(0)
    assert not bucket.take(10_000)


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (1, 0), (-1, 1), (float("nan"), 1)])
def test_a_bucket_without_a_limit_is_a_mistake(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        TokenBucket(per_second, burst)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 4)), max_size=60))
def test_no_pattern_gets_more_than_the_burst_and_the_rate_allow(takes: list[tuple[float, float]]) -> None:
    bucket, now, spent = TokenBucket(per_second=5, burst=3), 0.0, 0.0
    for wait, cost in takes:
        now += wait
        spent += cost * bucket.take(now, cost)
        assert spent <= 3 + 5 * now / 1000 + 1e-6
