"""The defaults keep the promises that their descriptions make about each other."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from tunnel.timing import Timer, Timing

TIMING = Timing()


def test_four_heartbeats_fit_into_a_silence_and_three_idle_ones_into_an_idle_silence() -> None:
    assert 4 * TIMING.heartbeat <= TIMING.silence_after
    assert 3 * TIMING.idle_heartbeat <= TIMING.idle_silence


def test_an_input_is_asked_for_several_times_between_too_old_and_lost() -> None:
    assert TIMING.stale_after + 4 * TIMING.inquire_every <= TIMING.give_up_after


def test_silence_is_noticed_before_what_was_held_in_it_is_too_old() -> None:
    assert TIMING.silence_after <= TIMING.stale_after


def test_patience_grows() -> None:
    assert TIMING.offer_first < TIMING.offer_longest


def test_nobody_changes_the_timing_of_a_running_session() -> None:
    with pytest.raises(FrozenInstanceError):
        TIMING.heartbeat = 1.0  # type: ignore[misc]  # that is the point


def test_every_timer_says_what_it_is_for() -> None:
    assert all(len(timer.value) > 10 for timer in Timer)
    assert len({timer.value for timer in Timer}) == len(Timer)
