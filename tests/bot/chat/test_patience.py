from __future__ import annotations

from bot.chat.irc import Wait
from bot.chat.patience import FIRST_MS, LONGEST_MS, SLOWLY_MS, STEADY_MS, Patience


def waits(patience: Patience, count: int, draw: float = 1.0) -> list[float]:
    return [patience.wait_ms(Wait.BACK_OFF, now=0.0, lived_ms=0.0, draw=draw) for _ in range(count)]


def test_waits_double_up_to_the_longest() -> None:
    assert waits(Patience(), 3) == [FIRST_MS, 2 * FIRST_MS, 4 * FIRST_MS]
    assert waits(Patience(), 2_000)[-1] == LONGEST_MS


def test_half_of_a_wait_is_jitter() -> None:
    assert waits(Patience(), 1, draw=0.0) == [FIRST_MS / 2]


def test_a_connection_that_lasted_starts_the_count_again() -> None:
    patience = Patience()
    waits(patience, 5)
    assert patience.wait_ms(Wait.BACK_OFF, now=0.0, lived_ms=STEADY_MS, draw=1.0) == FIRST_MS


def test_a_refused_login_waits_long_from_the_first_time_on() -> None:
    assert Patience().wait_ms(Wait.SLOWLY, now=0.0, lived_ms=0.0, draw=1.0) == SLOWLY_MS


def test_at_once_is_at_once_but_not_all_the_time() -> None:
    patience = Patience()
    assert patience.wait_ms(Wait.AT_ONCE, now=0.0, lived_ms=100.0, draw=0.5) == 0.0
    assert patience.wait_ms(Wait.AT_ONCE, now=100.0, lived_ms=100.0, draw=0.5) > 0.0
    assert patience.wait_ms(Wait.AT_ONCE, now=STEADY_MS, lived_ms=100.0, draw=0.5) == 0.0
