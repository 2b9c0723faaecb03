from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.mistakes import MAX_LINES, ConfigError, Mistake, is_secret, shown

FILE = Path("bot.yaml")


def test_mistakes_are_one_line_each_in_the_order_of_the_file() -> None:
    error = ConfigError(FILE, [Mistake(9, 1, "pads", "second"), Mistake(7, 3, "chat.chanel", "first")])
    assert str(error) == "bot.yaml:7:3: chat.chanel: first\nbot.yaml:9:1: pads: second"


def test_a_mistake_of_the_whole_file_has_no_place_and_no_key() -> None:
    assert (
        str(ConfigError(FILE, [Mistake(0, 0, "", "there is no such file")]))
        == "bot.yaml: there is no such file"
    )


def test_a_file_full_of_junk_is_not_answered_with_pages() -> None:
    error = ConfigError(FILE, [Mistake(n, 1, "", "junk") for n in range(1, 1001)])
    lines = str(error).splitlines()
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == f"bot.yaml: and {1000 - MAX_LINES} more"
    assert len(error.mistakes) == 1000


@pytest.mark.parametrize(
    "secret",
    [
        "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
        "0x4C0883A69102937D6231471B5DBB6204FE5129617082792AE468D01A3F362318",
        "oauth:whatever",
        " OAuth:whatever ",
        "abcdefghij0123456789abcdefghij",
        "wss://user:password@relay.example.org",
    ],
)
def test_what_looks_like_a_secret_is_never_shown(secret: str) -> None:
    assert is_secret(secret)
    assert secret.strip().lower() not in shown(secret).lower()


@pytest.mark.parametrize("text", ["wss://relay.example.org", "bot.key", "02" + "1" * 64, "0x" + "a" * 40, ""])
def test_what_is_none_is_shown_as_it_stood(text: str) -> None:
    assert not is_secret(text)
    assert shown(text).startswith(f'"{text[:50]}')


@given(st.text())
def test_any_text_is_shown_on_one_short_printable_line(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 60 * 10 + 2
