from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.seen import Recent


def test_a_key_is_new_once() -> None:
    seen = Recent()
    assert seen.first_time("a", 0.0)
    assert not seen.first_time("a", 1.0)
    assert seen.first_time("b", 1.0)


def test_the_last_ones_are_remembered_and_no_more_than_twice_as_many_kept() -> None:
    seen = Recent(at_least=100)
    for number in range(1_000):
        assert seen.first_time(str(number), 0.0)
        assert len(seen) <= 200
    assert not any(seen.first_time(str(number), 0.0) for number in range(901, 1_000))
    assert seen.first_time("0", 0.0)


def test_what_is_older_than_twice_the_age_is_forgotten() -> None:
    seen = Recent(age_ms=1_000.0)
    seen.first_time("a", 0.0)
    assert not seen.first_time("a", 999.0)
    assert seen.first_time("a", 10_000.0)


def test_what_is_younger_than_the_age_is_remembered_across_the_turn() -> None:
    seen = Recent(age_ms=1_000.0)
    seen.first_time("first", 0.0)
    seen.first_time("late", 900.0)
    seen.first_time("turns", 1_100.0)
    assert seen.get("late") is not None


def test_the_last_value_of_a_key_counts() -> None:
    users = Recent()
    assert users.remember("ada", "1", 0.0) is None
    assert users.remember("ada", "2", 0.0) == "1"
    assert users.get("ada") == "2"
    assert users.get("bob") is None


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 100)), max_size=200))
def test_a_key_among_the_last_few_is_never_new(steps: list[tuple[int, float]]) -> None:
    seen, now = Recent(at_least=5, age_ms=1e9), 0.0
    history: list[int] = []
    for key, pause_ms in steps:
        now += pause_ms
        new = seen.first_time(str(key), now)
        assert not (new and key in history[-5:])
        history.append(key)
