"""The peer's clock, told by answers that take as long as they like in either direction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunnel.clock import PeerClock

SKEW = 5_000_000.0
# Exact in binary, so that a round trip of nothing is not rounded to less than nothing.
DELAYS = st.integers(0, 3_000 * 1024).map(lambda steps: steps / 1024)


def answered(clock: PeerClock, now: float, out: float, back: float, held: float = 0.0) -> float | None:
    """A question sent so that its answer is here `now`, from a peer whose clock is ahead by SKEW."""
    sent = now - back - held - out
    return clock.sample(sent=sent, held=held, peer_time=now - back + SKEW, now=now)


def test_before_any_answer_the_told_time_is_believed_and_nothing_is_promised() -> None:
    clock = PeerClock(100.0, 700.0)
    assert clock.to_peer(150.0) == 750.0
    assert clock.to_local(750.0) == 150.0
    assert clock.round_trip is None
    assert clock.uncertainty == 0.0
    assert clock.resend_timeout == 250.0


def test_an_even_round_trip_tells_the_peers_clock_exactly() -> None:
    clock = PeerClock(0.0, 0.0)
    assert answered(clock, 1_000.0, out=40, back=40, held=300) == 80
    assert clock.to_peer(2_000.0) == 2_000.0 + SKEW
    assert clock.to_local(SKEW) == 0.0
    assert clock.uncertainty == 40


@given(st.lists(st.tuples(DELAYS, DELAYS, DELAYS), min_size=1, max_size=30))
def test_the_uncertainty_bounds_the_error_however_uneven_the_ways_are(
    trips: list[tuple[float, float, float]],
) -> None:
    clock = PeerClock(0.0, 0.0)
    now = 10_000.0
    for out, back, held in trips:
        now += 100
        answered(clock, now, out, back, held)
        assert abs(clock.to_peer(now) - now - SKEW) <= clock.uncertainty + 1e-6
        assert abs(clock.to_local(clock.to_peer(now)) - now) <= 1e-6
    assert clock.uncertainty == pytest.approx(min(out + back for out, back, _ in trips) / 2, abs=1e-6)


def test_the_shortest_round_trip_is_believed_for_a_minute_and_then_forgotten() -> None:
    clock = PeerClock(0.0, 0.0)
    answered(clock, 1_000.0, out=10, back=10)
    answered(clock, 2_000.0, out=200, back=0)
    answered(clock, 61_000.0, out=100, back=50)
    assert clock.uncertainty == 10
    answered(clock, 61_001.0, out=300, back=300)
    assert clock.uncertainty == 75  # the next best of the last minute
    answered(clock, 121_002.0, out=300, back=300)
    assert clock.uncertainty == 300


@given(st.lists(st.tuples(DELAYS.map(lambda delay: 30 * delay), DELAYS), min_size=1, max_size=80))
def test_the_best_is_the_least_of_the_last_minute(trips: list[tuple[float, float]]) -> None:
    """What the filter keeps is few; what it answers is what keeping everything would."""
    clock = PeerClock(0.0, 0.0)
    now = 10_000.0
    taken: list[tuple[float, float]] = []
    for pause, delay in trips:
        now += pause
        round_trip = answered(clock, now, delay, delay)
        assert round_trip is not None
        taken.append((now, round_trip))
        lately = [trip for moment, trip in taken if now - moment <= 60_000]
        assert clock.uncertainty == min(lately) / 2


def test_memory_does_not_grow_with_the_samples() -> None:
    clock = PeerClock(0.0, 0.0)
    for n in range(2_000):  # each slower than the last, so that each could become the best one day
        answered(clock, 10_000.0 + n, out=n / 10, back=n / 10)
    assert len(clock._samples) <= 64


@pytest.mark.parametrize(
    ("sent", "held"),
    [(1_001.0, 0.0), (900.0, 101.0), (900.0, -1.0), (1_000.0, 1e9)],
    ids=["answered before it was sent", "held longer than it took", "held for less than nothing", "absurd"],
)
def test_an_answer_that_contradicts_itself_changes_nothing(sent: float, held: float) -> None:
    clock = PeerClock(0.0, 0.0)
    answered(clock, 500.0, out=40, back=40)
    before = clock.to_peer(0.0), clock.uncertainty, clock.round_trip, clock.resend_timeout
    assert clock.sample(sent=sent, held=held, peer_time=123.0, now=1_000.0) is None
    assert (clock.to_peer(0.0), clock.uncertainty, clock.round_trip, clock.resend_timeout) == before


@given(st.lists(st.tuples(DELAYS, DELAYS), max_size=50))
def test_a_resend_never_waits_less_than_50_ms_nor_more_than_400(trips: list[tuple[float, float]]) -> None:
    clock = PeerClock(0.0, 0.0)
    for n, (out, back) in enumerate(trips):
        answered(clock, 10_000.0 + 100 * n, out, back)
        assert 50 <= clock.resend_timeout <= 400


def test_a_steady_line_resends_soon_after_its_round_trip() -> None:
    clock = PeerClock(0.0, 0.0)
    assert answered(clock, 1_000.0, out=60, back=60) == 120
    assert clock.resend_timeout == 120 + 4 * 60  # RFC 6298: nothing is known of its variation yet
    for n in range(100):
        answered(clock, 2_000.0 + 100 * n, out=60, back=60)
    assert clock.round_trip == pytest.approx(120)
    assert clock.resend_timeout == pytest.approx(130, abs=0.1)


def test_an_answer_on_one_slow_path_tells_of_the_clock_and_not_of_how_long_answers_take() -> None:
    clock = PeerClock(0.0, 0.0)
    assert clock.sample(sent=900.0, held=0.0, peer_time=950.0 + SKEW, now=1_000.0, first_copy=False) == 100
    assert clock.to_peer(1_000.0) == 1_000.0 + SKEW
    assert (clock.uncertainty, clock.round_trip, clock.resend_timeout) == (50, None, 250)
    answered(clock, 2_000.0, out=20, back=20)
    before = clock.round_trip, clock.resend_timeout
    clock.sample(sent=0.0, held=0.0, peer_time=SKEW, now=3_000.0, first_copy=False)
    assert (clock.round_trip, clock.resend_timeout) == before == (40, 120)


def test_the_round_trip_is_smoothed_as_rfc_6298_says() -> None:
    clock = PeerClock(0.0, 0.0)
    answered(clock, 1_000.0, out=50, back=50)
    answered(clock, 2_000.0, out=70, back=70)
    assert clock.round_trip == 100 + 40 / 8
    assert clock.resend_timeout == 105 + 4 * (50 + (40 - 50) / 4)


def test_the_best_sample_outlives_many_worse_ones() -> None:
    clock = PeerClock(0.0, 0.0)
    clock.sample(sent=0.0, held=0.0, peer_time=10.0, now=20.0)
    for n in range(1, 300):
        now = 20.0 + n
        clock.sample(sent=now - 30 - n, held=0.0, peer_time=now - 15 - n / 2, now=now)
    assert clock.uncertainty == 10.0


def test_a_clock_that_stepped_is_believed_at_once() -> None:
    clock = PeerClock(0.0, 0.0)
    clock.sample(sent=0.0, held=0.0, peer_time=10.0, now=20.0)
    clock.sample(sent=1_000.0, held=0.0, peer_time=6_020.0, now=1_040.0)
    assert clock.to_peer(1_040.0) == 6_040.0
