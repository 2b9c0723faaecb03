from __future__ import annotations

import pytest

from tunnel.wallclock import WallClock


class FakeTime:
    """Stands in for the module `time`; both clocks in seconds."""

    def __init__(self) -> None:
        self.wall_s = 1_720_342_174.5
        self.monotonic_s = 77.25

    def time(self) -> float:
        return self.wall_s

    def perf_counter(self) -> float:
        return self.monotonic_s


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr("tunnel.wallclock.time", fake)
    return fake


def test_it_starts_at_the_milliseconds_since_1970(time: FakeTime) -> None:
    assert WallClock().now() == 1_720_342_174_500.0


def test_it_advances_by_milliseconds_with_fractions(time: FakeTime) -> None:
    clock = WallClock()
    time.monotonic_s += 0.00125
    assert clock.now() == pytest.approx(1_720_342_174_501.25, abs=0.001)


@pytest.mark.parametrize("step_s", [-86_400.0, -0.5, 3_600.0])
def test_a_step_of_the_system_clock_never_moves_it(time: FakeTime, step_s: float) -> None:
    clock = WallClock()
    before = clock.now()
    time.wall_s += step_s
    assert clock.now() == before


def test_it_never_runs_backwards() -> None:
    clock = WallClock()
    readings = [clock.now() for _ in range(1000)]
    assert readings == sorted(readings)


@pytest.mark.parametrize("step_s", [-86_400.0, -0.5, 3_600.0])
def test_the_date_is_what_the_system_says_at_each_moment(time: FakeTime, step_s: float) -> None:
    clock = WallClock()
    assert clock.date() == 1_720_342_174_500.0
    time.wall_s += step_s
    assert clock.date() == 1_720_342_174_500.0 + step_s * 1000


def test_after_a_suspend_in_which_the_other_clock_stood_the_date_is_right(time: FakeTime) -> None:
    clock = WallClock()
    time.wall_s += 36_000
    assert clock.date() - clock.now() == 36_000_000
