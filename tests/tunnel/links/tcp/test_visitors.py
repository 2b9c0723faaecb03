"""How often strangers may connect."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tunnel.links.tcp.visitors import _ALL_BURST, _ALL_PER_SECOND, _BURST, _ORIGINS, Visitors

LOUD = "198.51.100.1"


def test_who_comes_too_often_is_turned_away_and_nobody_else() -> None:
    visitors = Visitors()
    for second in range(60):
        for _ in range(1_000):
            visitors.may_enter(LOUD, second * 1_000.0)
        assert not visitors.may_enter(LOUD, second * 1_000.0)
        assert visitors.may_enter("203.0.113.9", second * 1_000.0)


def test_a_customer_of_ipv6_counts_once_however_many_addresses_it_has() -> None:
    visitors = Visitors()
    entered = sum(visitors.may_enter(f"2001:db8::{n:x}", 0) for n in range(1, 1_000))
    assert entered == _BURST
    assert visitors.may_enter("2001:db8:0:1::1", 0)


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 50)), max_size=500))
def test_however_many_come_together_they_are_few_and_little_is_remembered(
    comings: list[tuple[int, int]],
) -> None:
    visitors = Visitors()
    now = 0.0
    entered = 0
    for who, later in comings:
        now += later
        entered += visitors.may_enter(f"10.{who >> 16}.{who >> 8 & 255}.{who & 255}", now)
    assert entered <= _ALL_BURST + now / 1_000 * _ALL_PER_SECOND
    assert len(visitors) <= _ORIGINS
