from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import LONGEST_RAW, normalise


@pytest.mark.parametrize(
    "raw",
    [
        "left",
        "LEFT",
        "Left  ",
        "  left\t",
        "left \U000e0000",  # appended by clients against the duplicate rule
        "left\u034f",  # the same, since 2025
        "left\u2800",  # the same, with an empty braille pattern
        "l\u200beft",  # a zero-width space inside
        "\ufeffleft\u200d",
        "left\ufe0f",
        "\u202eleft\u2069",
        "le\u00adft",
        "left\u00a0\u3000",
        "\uff4c\uff45\uff46\uff54",  # full-width letters
        "\x01ACTION left\x01",
        "\x01ACTION left \U000e0000\x01",
        "\x01ACTION left",
        "@Retoon left",
        "@Retoon  LEFT",
        "@観客 left",
        "\x01ACTION @Retoon left\x01",
    ],
)
def test_what_clients_do_to_a_line_is_undone(raw: str) -> None:
    assert normalise(raw) == "left"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("down   down\ta", "down down a"),
        ("a\uff15\uff10\uff10ms", "a500ms"),
        ("a১২ms", "a১২ms"),
        ("a꧑꧒s", "a꧑꧒s"),
        ("@Retoon", "@retoon"),
        ("@a @b left", "@b left"),
        ("left @Retoon", "left @retoon"),
        ("\x01VERSION\x01", "\x01version\x01"),
        ("", ""),
        ("\U000e0000", ""),
    ],
)
def test_nothing_more_than_that_is_undone(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


def test_text_no_viewer_can_send_comes_back_empty() -> None:
    assert normalise("a" * LONGEST_RAW) == "a" * LONGEST_RAW
    assert normalise("a " * LONGEST_RAW) == ""


@given(st.text(max_size=LONGEST_RAW + 20))
def test_any_text_comes_back_without_what_nobody_sees(text: str) -> None:
    clean = normalise(text)
    assert clean == clean.strip()
    assert "  " not in clean
    assert not set(clean) & set("\u00ad\u034f\u200b\u200e\u2060\ufe0f\ufeff\U000e0000\U000e007f")


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_an_invisible_character_never_matters(text: str) -> None:
    assert normalise(text) == normalise(text.replace("e", "e\u200b") + "\u034f")


def test_letters_that_unfold_into_sentences_are_no_line() -> None:
    assert normalise("\ufdfa" * 500) == ""
