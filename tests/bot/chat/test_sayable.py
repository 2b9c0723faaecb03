from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.sayable import LONGEST_SAID, sayable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("left is left", "left is left"),
        ("two\r\nlines\x00here", "two lines here"),
        ("/ban ada", "ban ada"),
        (" . /!ban ada", "ban ada"),
        ("a \u202e b\u2028c", "a b c"),
        ("half a pair \ud83d", "half a pair"),
        ("12 % of 테스트", "12 % of 테스트"),
        ("", ""),
        ("/", ""),
    ],
)
def test_what_is_said_is_one_harmless_line(text: str, said: str) -> None:
    assert sayable(text) == said


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("one two three", "one two…"),
        ("one two, three", "one…"),
        ("one twothree", "one…"),
        ("onetwothree", "onetwot…"),
        ("one, two three", "one…"),
        ("one two", "one two"),
        ("one twos", "one twos"),
    ],
)
def test_what_is_too_long_is_cut_after_a_word(text: str, cut: str) -> None:
    assert sayable(text, 8) == cut


@given(st.text(st.characters(), max_size=600), st.integers(2, LONGEST_SAID))
def test_any_text_becomes_a_line_that_fits_the_wire_and_commands_nobody(text: str, longest: int) -> None:
    said = sayable(text, longest)
    assert len(said) <= longest
    assert not said.startswith(("/", ".", "!", " "))
    assert said.isprintable()
    said.encode()
