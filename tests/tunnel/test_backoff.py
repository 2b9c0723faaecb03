from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.backoff import next_wait_ms

ALMOST = 0.999999


def test_without_a_failure_there_is_no_wait() -> None:
    assert next_wait_ms(0, others_up=True, draw=ALMOST) == 0


@pytest.mark.parametrize(
    ("failures", "alone", "accompanied"),
    [
        (1, 250, 250),
        (2, 500, 500),
        (3, 1_000, 1_000),
        (4, 2_000, 2_000),
        (5, 2_000, 4_000),
        (8, 2_000, 30_000),
    ],
)
def test_the_longest_wait_doubles_up_to_its_cap(failures: int, alone: int, accompanied: int) -> None:
    assert next_wait_ms(failures, others_up=False, draw=ALMOST) == pytest.approx(alone, rel=1e-3)
    assert next_wait_ms(failures, others_up=True, draw=ALMOST) == pytest.approx(accompanied, rel=1e-3)


def test_jitter_is_full() -> None:
    assert next_wait_ms(4, others_up=True, draw=0) == 0
    assert next_wait_ms(4, others_up=True, draw=0.5) == 1_000


@given(st.integers(0, 10**9), st.booleans(), st.floats(0, 1, exclude_max=True))
def test_while_nothing_carries_no_wait_eats_the_three_seconds(failures: int, up: bool, draw: float) -> None:
    assert 0 <= next_wait_ms(failures, up, draw) <= (30_000 if up else 2_000)
