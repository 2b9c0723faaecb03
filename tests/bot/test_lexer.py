from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lexer import MisreadError, Press, known_name, quoted, read_chord, spoken_ms
from config.codes import Control
from config.controllers import Controller, load_controller

XBOX = load_controller("xbox")


def read(word: str) -> list[tuple[str, float, int]]:
    return [
        (press.action.moves[0][0].value, press.action.moves[0][1] * press.amount, press.duration_ms or 200)
        for press in read_chord(word, 0, XBOX)
    ]


@pytest.mark.parametrize(
    ("word", "presses"),
    [
        ("a", [("A", 1, 200)]),
        ("a500ms", [("A", 1, 500)]),
        ("right2s", [("RIGHT", 1, 2000)]),
        ("a1.5s", [("A", 1, 1500)]),
        ("a0.001s", [("A", 1, 1)]),
        ("a5s", [("A", 1, 5000)]),
        ("a500.0ms", [("A", 1, 500)]),
        ("lup70%", [("LY", 0.7, 200)]),
        ("ldown70%", [("LY", -0.7, 200)]),
        ("lup70%1s", [("LY", 0.7, 1000)]),
        ("rt30%500ms", [("RT", 0.3, 500)]),
        ("rt99.9%", [("RT", 0.999, 200)]),
        ("rt1%", [("RT", 0.01, 200)]),
        ("lt100%", [("LT", 1, 200)]),
        ("a+right", [("A", 1, 200), ("RIGHT", 1, 200)]),
        ("lup50%+lright1s", [("LY", 0.5, 200), ("LX", 1, 1000)]),
    ],
)
def test_a_word_is_read_as_presses(word: str, presses: list[tuple[str, float, int]]) -> None:
    assert read(word) == presses


@pytest.mark.parametrize(
    ("word", "at", "error"),
    [
        ("q", 0, 'unknown input "q"'),
        ("500ms", 0, 'unknown input "500ms"'),
        ("a500q", 4, 'unknown unit "q"; use ms or s'),
        ("lup70q", 5, 'unknown unit "q"; use %, ms or s'),
        ("lup70%1q", 7, 'unknown unit "q"; use ms or s'),
        ("a500", 1, '"500" needs a unit; use ms or s'),
        ("lup70", 3, '"70" needs a unit; use %, ms or s'),
        ("a%", 1, 'expected a number, not "%"'),
        ("a500000ms", 1, '"500000" is no number; at most 5 digits, and 3 after the point'),
        ("a1.2345s", 1, '"1.2345" is no number; at most 5 digits, and 3 after the point'),
        ("a1.s", 1, '"1." is no number; at most 5 digits, and 3 after the point'),
        ("a1..5s", 1, '"1..5" is no number; at most 5 digits, and 3 after the point'),
        ("a0s", 1, "a press lasts at least 1ms"),
        ("a5.001s", 1, "a press lasts at most 5s"),
        ("a99999s", 1, "a press lasts at most 5s"),
        ("a1.5ms", 1, "milliseconds are whole; use 500ms or 0.5s"),
        ("a50%", 1, "a is a button; it takes no amount"),
        ("rt0%", 2, "an amount is 1% to 100%, with at most one decimal"),
        ("rt101%", 2, "an amount is 1% to 100%, with at most one decimal"),
        ("rt1.55%", 2, "an amount is 1% to 100%, with at most one decimal"),
        ("lup1s70%", 5, "an input ends with its duration"),
        ("a1s2s", 3, "an input ends with its duration"),
        ("lup70%80%", 6, "an input has one amount only"),
        ("a+", 2, "an input is missing beside the +"),
        ("a++b", 2, "an input is missing beside the +"),
        ("a+q", 2, 'unknown input "q"'),
        ("a+a", 2, "a and a are the same input"),
        ("back+select", 5, "back and select are the same input"),
        ("lup+ldown", 4, "lup and ldown cannot be pressed together"),
        ("up+down", 3, "up and down cannot be pressed together"),
        ("left+a+right500ms", 7, "left and right cannot be pressed together"),
    ],
)
def test_a_misread_word_says_where_and_why(word: str, at: int, error: str) -> None:
    with pytest.raises(MisreadError) as caught:
        read(word)
    assert (caught.value.at, caught.value.error) == (at, error)


def test_places_count_from_the_begin_of_the_line(xbox: Controller) -> None:
    assert [press.at for press in read_chord("a+b", 7, xbox)] == [7, 9]
    assert read_chord("a", 3, xbox) == (Press(3, "a", xbox.words["a"], 1.0, None),)


def test_names_are_whole_words(xbox: Controller) -> None:
    assert known_name("right2s", xbox) == "right"
    assert known_name("rightnow", xbox) == ""
    assert known_name("500ms", xbox) == ""


def test_what_a_viewer_wrote_is_quoted_short_and_printable() -> None:
    assert quoted("q") == '"q"'
    assert len(quoted("q" * 400)) == 18
    assert quoted("\x07") == r"'\x07'"


def test_durations_are_spoken_as_chat_writes_them() -> None:
    assert (spoken_ms(200), spoken_ms(5_000), spoken_ms(1_500)) == ("200ms", "5s", "1500ms")


@given(st.text(st.sampled_from("ablup+%.0129ms"), max_size=40))
def test_any_word_is_presses_within_the_limits_or_misread(word: str) -> None:
    try:
        presses = read_chord(word, 0, XBOX)
    except MisreadError as error:
        assert 0 <= error.at <= len(word)  # noqa: PT017  both ends of the try are checked
        return
    for press in presses:
        assert press.action.controls <= set(Control)
        assert press.duration_ms is None or 0 < press.duration_ms <= XBOX.longest_press_ms
        assert 0.01 <= press.amount <= 1
