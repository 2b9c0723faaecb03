from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.helix_answer import (
    LEAST_WAIT_MS,
    LONGEST_WAIT_MS,
    HelixError,
    LoginLostError,
    limit_wait_ms,
    mends_by_refresh,
    read_answer,
)

DATE = "Sun, 19 Jul 2026 14:56:51 GMT"
AT_S = 1_784_473_011


@pytest.mark.parametrize(
    ("reset", "wait_ms"),
    [
        (f"{AT_S + 30}", 30_000.0),
        (f"{AT_S}", LEAST_WAIT_MS),
        (f"{AT_S - 1000}", LEAST_WAIT_MS),
        (f"{AT_S + 100_000}", LONGEST_WAIT_MS),
        ("soon", LONGEST_WAIT_MS),
        ("nan", LEAST_WAIT_MS),
        ("inf", LONGEST_WAIT_MS),
    ],
)
def test_a_limit_says_by_twitch_s_own_clock_how_long_to_stay_away(reset: str, wait_ms: float) -> None:
    assert limit_wait_ms({"Ratelimit-Reset": reset, "Date": DATE}) == wait_ms


@pytest.mark.parametrize("headers", [{}, {"Ratelimit-Reset": "1"}, {"Ratelimit-Reset": "1", "Date": "today"}])
def test_a_limit_that_says_nothing_is_a_minute(headers: dict[str, str]) -> None:
    assert limit_wait_ms(headers) == LONGEST_WAIT_MS


def test_an_answer_is_an_object_or_nothing() -> None:
    assert read_answer(200, b'{"data": []}') == {"data": []}
    assert read_answer(202, b"") is read_answer(204, b"x") is None
    with pytest.raises(HelixError, match="nonsense"):
        read_answer(200, b"<html>")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Twitch refuses (400: why)"),
        (401, "the login is not accepted (401: why)"),
        (403, "the login may not do that (403: why)"),
        (429, "too many requests (429: why)"),
        (503, "Twitch has trouble of its own (503: why)"),
    ],
)
def test_a_refusal_has_twitch_s_words_in_it(status: int, words: str) -> None:
    with pytest.raises(HelixError) as caught:
        read_answer(status, b'{"error": "E", "status": 1, "message": "why"}')
    assert str(caught.value) == words
    assert caught.value.message == "why"


def test_a_refusal_without_words_is_one_too() -> None:
    with pytest.raises(HelixError, match=r"^Twitch has trouble of its own \(502\)$"):
        read_answer(502, b"<html>Bad gateway")


def test_a_new_token_helps_only_where_the_old_one_is_the_trouble() -> None:
    assert mends_by_refresh(HelixError(401, "Invalid OAuth token"))
    assert not mends_by_refresh(HelixError(401, "Missing scope: user:write:chat"))
    assert not mends_by_refresh(HelixError(403, ""))


def test_a_lost_login_says_what_to_type() -> None:
    assert "python3 run.py login twitch.login" in str(LoginLostError("it has expired", "twitch.login"))


@given(st.integers(400, 599), st.binary(max_size=200))
def test_any_refusal_is_told_on_one_line(status: int, body: bytes) -> None:
    with pytest.raises(HelixError) as caught:
        read_answer(status, body)
    assert str(caught.value).isprintable()
