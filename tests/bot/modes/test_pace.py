from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.modes.pace import FRAME_MS, Pace


def pace(
    depth_ms: float = 1_000.0, default_ms: int = 200, shortest_ms: int = 34, longest_ms: int = 5_000
) -> Pace:
    """Eight inputs at a time, so that 8 s of input are 1 s of queue."""
    return Pace(
        together=8, depth_ms=depth_ms, default_ms=default_ms, shortest_ms=shortest_ms, longest_ms=longest_ms
    )


def after(pace: Pace, load_ms: float, *passed_ms: float, begin: float = 0.0) -> list[int]:
    """The press lengths at these moments, with the same load all along."""
    pace.look(load_ms, begin)
    lengths = []
    for passed in passed_ms:
        pace.look(load_ms, begin + passed)
        lengths.append(pace.press_ms)
    return lengths


def test_a_press_is_as_typed_until_something_waits() -> None:
    assert pace().press_ms == 200
    assert after(pace(), 0, 10_000) == [200]


def test_a_queue_twice_as_deep_as_wanted_halves_the_presses() -> None:
    assert after(pace(), 16_000, 5_000) == [100]


def test_a_queue_as_deep_as_wanted_leaves_presses_as_they_are() -> None:
    assert after(pace(), 8_000, 5_000) == [200]


def test_a_short_queue_lengthens_presses_by_half_at_most() -> None:
    assert after(pace(), 6_400, 10_000) == [250]
    assert after(pace(), 1, 20_000) == [300]
    assert after(pace(longest_ms=250), 1, 20_000) == [250]


def test_presses_grow_shorter_by_63_percent_in_a_tenth_of_a_second() -> None:
    # From 200 towards 100 ms: 136.8 ms, which is eight frames; 105 ms, which is six, after three tenths.
    assert after(pace(), 16_000, 100, 300) == [133, 100]


def test_presses_grow_longer_by_63_percent_in_a_second() -> None:
    slow = pace()
    assert after(slow, 16_000, 5_000) == [100]
    # From 100 back towards 200 ms: 163.2 ms, which is ten frames.
    assert after(slow, 8_000, 1_000, 8_000, begin=5_000) == [167, 200]


def test_when_nothing_waits_any_more_presses_go_back_to_as_typed() -> None:
    emptied = pace()
    assert after(emptied, 1_000_000, 5_000) == [34]
    assert after(emptied, 0, 1, 10_000, begin=5_000) == [34, 200]


def test_a_pause_does_not_count_for_the_queue_that_comes_after_it() -> None:
    rested = pace()
    rested.look(0, 0)
    rested.look(1_000_000, 60_000)
    assert rested.press_ms == 200


def test_it_knows_how_long_the_queue_takes() -> None:
    steady = pace()
    assert steady.wait_ms(8_000) == 1_000
    after(steady, 16_000, 5_000)
    assert round(steady.wait_ms(16_000)) == 1_000


def test_no_depth_at_all_means_as_fast_as_it_goes() -> None:
    assert after(pace(depth_ms=0), 200, 5_000) == [34]


@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(-100, 1e7)), max_size=40),
    st.integers(1, 2_000),
    st.integers(1, 500),
    st.integers(1, 5_000),
)
def test_a_press_is_always_whole_frames_within_the_limits(
    looks: list[tuple[float, float]], default_ms: int, shortest_ms: int, longest_ms: int
) -> None:
    longest_ms = max(longest_ms, default_ms)
    kept = pace(default_ms=default_ms, shortest_ms=shortest_ms, longest_ms=longest_ms)
    now = 0.0
    for load_ms, passed in looks:
        now += passed
        kept.look(load_ms, now)
        press_ms = kept.press_ms
        assert min(shortest_ms, default_ms) <= press_ms <= min(longest_ms, max(default_ms, default_ms * 1.5))
        is_limit = press_ms in (shortest_ms, default_ms, longest_ms, int(default_ms * 1.5))
        assert is_limit or abs(press_ms / FRAME_MS - round(press_ms / FRAME_MS)) < 0.04
