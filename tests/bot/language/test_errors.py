from __future__ import annotations

from bot.language.errors import MisreadError, quoted, spoken_ms


def test_what_a_viewer_wrote_is_quoted_short_and_printable() -> None:
    assert quoted("q") == '"q"'
    assert len(quoted("q" * 400)) == 18
    assert quoted("\x07") == r"'\x07'"


def test_durations_are_spoken_as_chat_writes_them() -> None:
    assert (spoken_ms(200), spoken_ms(5_000), spoken_ms(1_500)) == ("200ms", "5s", "1500ms")


def test_a_mistake_is_taken_for_meant_unless_it_says_otherwise() -> None:
    assert MisreadError(0, "wrong").meant
    assert not MisreadError(0, "wrong", meant=False).meant
