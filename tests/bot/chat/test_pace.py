from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.pace import LONGEST_GAP_MS, UNTIMED_GAP_MS, Pace


def dues(speed: float, *times: int | None) -> list[float]:
    pace = Pace(speed)
    return [pace.due_ms(at_ms) for at_ms in times]


def test_the_first_line_is_due_at_once_and_the_others_as_recorded() -> None:
    assert dues(1, 1_000_000, 1_000_500, 1_002_000) == [0, 500, 2_000]


def test_speed_divides_the_pauses_and_none_is_as_fast_as_possible() -> None:
    assert dues(4, 0, 1_000, 3_000) == [0, 250, 750]
    assert dues(0, 0, 1_000, 3_000) == [0, 0, 0]


def test_lines_without_a_time_come_a_second_apart() -> None:
    assert dues(1, None, None, None) == [0, UNTIMED_GAP_MS, 2 * UNTIMED_GAP_MS]
    assert dues(1, 5_000, None, 6_500) == [0, 1_000, 1_500]


def test_lines_that_changed_places_do_not_stretch_the_time() -> None:
    assert dues(1, 1_000, 900, 1_100) == [0, 0, 100]


def test_a_time_far_back_starts_anew() -> None:
    assert dues(1, 10**13, 1_000, 1_500) == [0, 0, 500]


@given(st.lists(st.none() | st.integers(-(2**63), 2**64), max_size=30))
def test_whatever_the_dates_no_pause_is_negative_or_longer_than_the_longest(times: list[int | None]) -> None:
    due = dues(1, *times)
    assert all(0 <= later - earlier <= LONGEST_GAP_MS for earlier, later in itertools.pairwise(due))
