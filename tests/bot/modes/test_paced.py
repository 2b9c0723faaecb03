from __future__ import annotations

from collections.abc import Callable

from bot.grammar import Parsed
from bot.modes.paced import PacedInputs

Read = Callable[[str], Parsed]


def test_a_press_that_named_no_length_gets_the_one_of_the_pace(read: Read) -> None:
    assert PacedInputs().at_pace(read("a b"), 100) == read("a100ms b100ms")


def test_each_is_made_once(read: Read) -> None:
    paced, parsed = PacedInputs(), read("a")
    assert paced.at_pace(parsed, 100) is paced.at_pace(parsed, 100)
    assert paced.at_pace(parsed, 117) != paced.at_pace(parsed, 100)


def test_what_does_the_same_is_not_paced_the_same(read: Read) -> None:
    paced = PacedInputs()
    as_typed, named = read("a"), read("a200ms")
    assert as_typed == named
    assert paced.at_pace(as_typed, 100).duration_ms == 100
    assert paced.at_pace(named, 100).duration_ms == 200


def test_the_least_used_is_forgotten_first(read: Read) -> None:
    paced, parsed = PacedInputs(most=2), read("a")
    first = paced.at_pace(parsed, 100)
    paced.at_pace(parsed, 117)
    assert paced.at_pace(parsed, 100) is first
    paced.at_pace(parsed, 133)
    assert len(paced) == 2
    assert paced.at_pace(parsed, 100) is first
