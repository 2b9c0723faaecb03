"""The window against the simplest thing that could be right: a set of everything seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.replay import WINDOW, ReplayWindow

TOP = 2**48 - 1
# Steps near each other, across blocks, across the whole ring, and far beyond it.
STEPS = st.one_of(
    st.integers(-70, 70),
    st.integers(-WINDOW - 70, WINDOW + 70),
    st.integers(-3 * WINDOW, 3 * WINDOW),
)


class Model:
    """Every counter ever accepted; what lies a whole window behind the highest is refused."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def accept(self, counter: int) -> bool:
        highest = max(self.seen, default=-1)
        if counter in self.seen or counter <= highest - WINDOW:
            return False
        self.seen.add(counter)
        return True


@given(st.sampled_from([0, 63, 64, WINDOW, 2**32 - 5, TOP - 4 * WINDOW]), st.lists(STEPS, max_size=60))
def test_the_window_does_what_a_set_of_all_counters_would(start: int, steps: list[int]) -> None:
    window, model = ReplayWindow(), Model()
    counter = start
    for step in (0, *steps):
        counter = min(max(counter + step, 0), TOP)
        could_be_new = window.check(counter)
        assert window.accept(counter) is model.accept(counter) is could_be_new


def test_each_counter_is_new_once() -> None:
    window = ReplayWindow()
    assert [window.accept(counter) for counter in (0, 1, 1, 0, 5, 3, 3, 5)] == [
        True, True, False, False, True, True, False, False,
    ]  # fmt: skip


def test_the_window_is_as_wide_as_the_documentation_says() -> None:
    assert WINDOW == 8_192


def test_asking_changes_nothing() -> None:
    window = ReplayWindow()
    assert window.check(7)
    assert window.check(7)
    assert window.accept(7)
    assert not window.check(7)


@pytest.mark.parametrize("highest", [WINDOW, WINDOW + 1, WINDOW + 63, 10 * WINDOW + 17, TOP])
def test_the_oldest_counter_still_remembered_is_a_window_behind_the_newest(highest: int) -> None:
    window = ReplayWindow()
    window.accept(highest)
    assert not window.accept(highest - WINDOW)
    assert window.accept(highest - WINDOW + 1)
    assert not window.accept(highest - WINDOW + 1)


@pytest.mark.parametrize("leap", [1, 63, 64, 65, WINDOW - 1, WINDOW, WINDOW + 1, WINDOW + 64, 2**40])
def test_a_leap_forgets_nothing_it_still_covers_and_invents_nothing(leap: int) -> None:
    window = ReplayWindow()
    for counter in range(0, 200, 2):
        window.accept(counter)
    window.accept(198 + leap)
    for counter in range(198 + leap - WINDOW + 1, 198 + leap):
        if counter >= 0:
            assert window.check(counter) is not (counter <= 198 and counter % 2 == 0)


def test_the_very_last_counter_is_let_in_once() -> None:
    window = ReplayWindow()
    assert window.accept(TOP)
    assert not window.accept(TOP)
    assert window.accept(TOP - 1)
