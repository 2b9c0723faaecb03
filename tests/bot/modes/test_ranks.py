from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.modes.ranks import Ranks


def ranked(*keys: str) -> Ranks[str]:
    ranks = Ranks[str]()
    for key in keys:
        ranks.up(key)
    return ranks


def test_the_highest_number_comes_first() -> None:
    assert list(ranked("a", "b", "b", "c", "c", "c").leading(2)) == [("c", 3), ("b", 2)]


def test_of_equal_numbers_the_one_that_has_stood_there_longest_comes_first() -> None:
    ranks = ranked("late", "early", "early", "late")
    assert ranks.first() == "early"
    ranks.up("early")
    ranks.down("early")
    assert ranks.first() == "late"


def test_a_key_at_zero_is_forgotten() -> None:
    ranks = ranked("a")
    ranks.down("a")
    assert len(ranks) == 0
    assert ranks["a"] == 0
    assert ranks.first() is None
    with pytest.raises(AssertionError):
        ranks.down("a")


def test_after_a_clear_nothing_is_left() -> None:
    ranks = ranked("a", "a", "b")
    ranks.clear()
    assert ranks.first() is None
    assert list(ranks.leading(8)) == []


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=80))
def test_it_is_always_the_order_a_sort_would_give(moves: list[tuple[str, bool]]) -> None:
    ranks, numbers, since = Ranks[str](), dict.fromkeys("abcde", 0), dict.fromkeys("abcde", 0)
    for moment, (key, is_up) in enumerate(moves):
        if not is_up and not numbers[key]:
            continue
        (ranks.up if is_up else ranks.down)(key)
        numbers[key] += 1 if is_up else -1
        since[key] = moment
        order = sorted((key for key in numbers if numbers[key]), key=lambda key: (-numbers[key], since[key]))
        assert list(ranks.leading(5)) == [(key, numbers[key]) for key in order]
        assert ranks.first() == (order[0] if order else None)
        assert len(ranks) == len(order)
