from __future__ import annotations

import pytest

from bot.chat.device_login import SLOWER_MS, DeviceLogin, DeviceLoginError
from bot.chat.helix_answer import HelixError

NOW = 1_784_473_011_634.0


def login(lasts_ms: float = 1_800_000.0) -> DeviceLogin:
    return DeviceLogin(interval_ms=5_000.0, lasts_ms=lasts_ms, now=NOW)


def test_it_asks_as_often_as_it_was_told_to() -> None:
    wait = login()
    assert wait.next_poll == NOW + 5_000
    wait.refused(HelixError(400, "authorization_pending"), NOW + 5_100)
    assert wait.next_poll == NOW + 10_100


def test_slow_down_is_for_good() -> None:
    wait = login()
    wait.refused(HelixError(400, "slow_down"), NOW)
    assert wait.next_poll == NOW + 5_000 + SLOWER_MS
    wait.refused(HelixError(400, "authorization_pending"), NOW)
    assert wait.next_poll == NOW + 5_000 + SLOWER_MS


@pytest.mark.parametrize("error", [HelixError(0, "no answer"), HelixError(503, ""), HelixError(429, "")])
def test_a_bad_line_is_no_refusal(error: HelixError) -> None:
    wait = login()
    wait.refused(error, NOW)
    assert wait.next_poll == NOW + 5_000


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("access_denied", "declined"),
        ("expired_token", "in time"),
        ("Invalid Device Code", "no longer good"),
        ("invalid client", "invalid client"),
    ],
)
def test_a_refusal_is_told_in_plain_words(word: str, said: str) -> None:
    with pytest.raises(DeviceLoginError, match=said):
        login().refused(HelixError(400, word), NOW)


def test_a_code_that_would_be_too_old_by_the_next_time_is_given_up() -> None:
    with pytest.raises(DeviceLoginError, match="in time"):
        login(lasts_ms=9_000.0).refused(HelixError(400, "authorization_pending"), NOW + 5_000)
