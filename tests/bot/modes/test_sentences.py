from __future__ import annotations

import pytest

from bot.modes.sentences import dropped, listed, waited


@pytest.mark.parametrize(
    ("names", "text"),
    [(("red",), "red"), (("red", "blue"), "red and blue"), (("a", "b", "c"), "a, b and c")],
)
def test_names_are_listed_as_people_do(names: tuple[str, ...], text: str) -> None:
    assert listed(names) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "1 s"), (1_400, "1 s"), (59_000, "59 s"), (60_000, "1 min"), (61_000, "2 min"), (300_000, "5 min")],
)
def test_nobody_waits_longer_than_they_were_told_to_by_more_than_half_a_second(ms: float, text: str) -> None:
    assert waited(ms) == text


def test_nothing_dropped_is_nothing_said() -> None:
    assert dropped(0) == ""
    assert dropped(2) == " What waited is dropped (2)."
