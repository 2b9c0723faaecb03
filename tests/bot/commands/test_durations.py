from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.durations import LONGEST_MS, read_duration, spoken

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("30s", 30 * SECOND),
        ("10m", 10 * MINUTE),
        ("2h", 2 * HOUR),
        ("1d", DAY),
        ("2w", 14 * DAY),
        ("1h30m", HOUR + 30 * MINUTE),
        ("1d90s", DAY + 90 * SECOND),
        ("10M", 10 * MINUTE),
        ("365d", LONGEST_MS),
    ],
)
def test_durations_are_read(text: str, ms: int) -> None:
    assert read_duration(text) == ms


def test_a_number_alone_is_seconds_as_in_twitch_s_own_time_out() -> None:
    assert read_duration("600") == 10 * MINUTE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0s",
        "0h0m",
        "m",
        "soon",
        "10 m",
        "-5m",
        "1.5h",
        "5x",
        "30m1h",
        "1h1h",
        "10ms",
        "366d",
        "٣m",
        "9" * 500,
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert read_duration(text) is None


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0s"),
        (-5, "0s"),
        (1, "1s"),
        (999.5, "1s"),
        (30 * SECOND, "30s"),
        (90 * SECOND, "1m30s"),
        (30 * MINUTE - 1, "30m"),
        (HOUR + 1, "1h1m"),
        (2 * DAY + 3 * HOUR + 1, "2d4h"),
        (7 * DAY - 1, "1w"),
    ],
)
def test_durations_are_said_with_two_units_and_never_too_short(ms: float, text: str) -> None:
    assert spoken(ms) == text


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,9}[wdhms]{0,2}[0-9]{0,4}[wdhms]?", fullmatch=True))
def test_any_text_is_a_duration_within_the_bound_or_none(text: str) -> None:
    ms = read_duration(text)
    assert ms is None or SECOND <= ms <= LONGEST_MS


@given(st.integers(1, LONGEST_MS))
def test_what_is_said_can_be_typed_and_is_hardly_longer(ms: int) -> None:
    typed = read_duration(spoken(ms))
    if typed is None:  # rounded up past the longest
        assert ms > LONGEST_MS - DAY
    else:
        assert ms <= typed <= ms + max(SECOND, ms // 7 + SECOND)
