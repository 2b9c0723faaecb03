from __future__ import annotations

from tunnel.stall import Stall


def test_a_peer_with_nothing_waiting_never_stalls() -> None:
    stall = Stall()
    assert stall.idle_ms(0, 0) == 0
    assert stall.idle_ms(0, 60_000) == 0


def test_time_without_progress_adds_up() -> None:
    stall = Stall()
    assert stall.idle_ms(500, 1_000) == 0
    assert stall.idle_ms(500, 2_000) == 1_000
    assert stall.idle_ms(500, 11_000) == 10_000


def test_reading_anything_starts_the_time_anew() -> None:
    stall = Stall()
    stall.idle_ms(500, 0)
    assert stall.idle_ms(499, 9_000) == 0
    assert stall.idle_ms(499, 12_000) == 3_000


def test_more_waiting_is_no_progress() -> None:
    stall = Stall()
    stall.idle_ms(500, 0)
    assert stall.idle_ms(700, 5_000) == 5_000
