"""What --cut may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.world.schedule import Cut, ScheduleError, parse_cut


def test_a_cut_names_a_relay_and_a_second() -> None:
    assert parse_cut("2@5", relays=5) == Cut(at_s=5.0, relay=2)
    assert parse_cut("5@0.5", relays=5) == Cut(at_s=0.5, relay=5)


@pytest.mark.parametrize(
    "text", ["", "2", "@5", "x@5", "2@", "2@x", "2@-1", "2@nan", "2@inf", "0@1", "6@1", "²@1"]
)
def test_anything_else_is_answered_in_one_line(text: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_cut(text, relays=5)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_cut_of_a_relay_there_is_or_an_error(text: str) -> None:
    try:
        cut = parse_cut(text, relays=3)
    except ScheduleError:
        return
    assert 1 <= cut.relay <= 3
    assert cut.at_s >= 0
