"""The device's life as a table, and how patiently it is tried again."""

from __future__ import annotations

import itertools

import pytest

from injector.guard import FIRST_RETRY_MS, LONGEST_RETRY_MS, MOVES, DeviceMove, DeviceState, Guard

TRY, OPENED, FAILED = DeviceMove


def opened(now: float) -> Guard:
    guard = Guard(now)
    guard.move(TRY, now)
    guard.move(OPENED, now)
    return guard


def test_nothing_is_played_before_the_device_is_open() -> None:
    guard = Guard(0.0)
    assert not guard.may_play
    assert guard.next_timeout() == 0.0
    guard.move(TRY, 0.0)
    assert not guard.may_play
    assert guard.next_timeout() is None
    guard.move(OPENED, 5.0)
    assert guard.may_play


def test_the_device_is_tried_again_ever_more_patiently() -> None:
    guard = opened(0.0)
    now, waits = 100.0, []
    guard.move(FAILED, now)
    for _ in range(8):
        retry = guard.next_timeout()
        assert retry is not None
        waits.append(retry - now)
        now = retry
        guard.move(TRY, now)
        guard.move(FAILED, now)
    assert waits == [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]


def test_a_device_that_opens_and_fails_at_once_is_not_tried_in_a_hurry() -> None:
    guard = opened(0.0)
    guard.move(FAILED, 1.0)
    guard.move(TRY, 251.0)
    guard.move(OPENED, 251.0)
    guard.move(FAILED, 252.0)
    assert guard.next_timeout() == 252.0 + 2 * FIRST_RETRY_MS


def test_a_device_that_worked_for_long_is_tried_again_soon() -> None:
    guard = opened(0.0)
    guard.move(FAILED, 1.0)
    guard.move(TRY, 251.0)
    guard.move(OPENED, 251.0)
    failed_at = 251.0 + LONGEST_RETRY_MS
    guard.move(FAILED, failed_at)
    assert guard.next_timeout() == failed_at + FIRST_RETRY_MS


def test_a_panic_outlives_the_device() -> None:
    guard = opened(0.0)
    guard.panicked = True
    guard.move(FAILED, 1.0)
    guard.move(TRY, 300.0)
    guard.move(OPENED, 300.0)
    assert not guard.may_play
    guard.panicked = False
    assert guard.may_play


@pytest.mark.parametrize(
    ("state", "move"), [pair for pair in itertools.product(DeviceState, DeviceMove) if pair not in MOVES]
)
def test_what_cannot_happen_is_an_error(state: DeviceState, move: DeviceMove) -> None:
    guard = Guard(0.0)
    guard.state = state
    with pytest.raises(ValueError, match="cannot have"):
        guard.move(move, 0.0)
