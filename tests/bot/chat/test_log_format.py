from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.irc_room import IrcRoom
from bot.chat.line import ChatLine
from bot.chat.log_format import LogError, read_entry


@pytest.mark.parametrize(
    ("text", "at_ms", "user", "said"),
    [
        ("1700000000123 ada: left", 1_700_000_000_123, "ada", "left"),
        ("2024-05-01T12:00:00.500Z Ada: a+b: c", 1_714_564_800_500, "Ada", "a+b: c"),
        ("[2024-05-01 12:00:00] ada: left", 1_714_564_800_000, "ada", "left"),
        ("2024-05-01 14:00:00+02:00 ada: left", 1_714_564_800_000, "ada", "left"),
        ("[1700000000123]ada:left", 1_700_000_000_123, "ada", "left"),
        ("ada: left  right", None, "ada", "left  right"),
        ("\ufeff테스트: left\r", None, "테스트", "left"),
        ("12345: left", None, "12345", "left"),
    ],
)
def test_a_plain_line_is_a_time_a_name_and_a_text(text: str, at_ms: int | None, user: str, said: str) -> None:
    entry = read_entry(text)
    assert entry is not None
    assert entry.at_ms == at_ms
    line = IrcRoom(None).line(entry.message, 0.0)
    assert line is not None
    assert (line.name, line.user, line.text, line.sent_ms, line.room) == (
        user,
        user.lower(),
        said,
        at_ms,
        "log",
    )


def test_a_line_of_irc_has_its_own_time() -> None:
    entry = read_entry("@id=d8;tmi-sent-ts=1700000000123 :ada!ada@x PRIVMSG #arcade :left")
    assert entry is not None
    assert entry.at_ms == 1_700_000_000_123
    assert entry.message.params == ["#arcade", "left"]
    untimed = read_entry(":ada!ada@x PRIVMSG #arcade :left")
    assert untimed is not None
    assert untimed.at_ms is None


@pytest.mark.parametrize("text", ["", "   ", "\r", "# a comment: here"])
def test_empty_lines_and_comments_say_nothing(text: str) -> None:
    assert read_entry(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "just talk",
        "-5 ada: left",
        "99999999999999999999 ada: left",
        "2024-13-01T00:00:00 ada: left",
        "[12:30:00] ada: left",
        "two words: left",
        ":no-command",
        f"{'u' * 51}: left",
    ],
)
def test_what_is_in_no_format_is_refused(text: str) -> None:
    with pytest.raises(LogError):
        read_entry(text)


@given(st.text(max_size=80) | st.from_regex(r"\[?[-0-9T: .+Z]{0,30}\]? ?\w{0,9}: .{0,9}", fullmatch=True))
def test_any_line_is_an_entry_or_nothing_or_a_log_error(text: str) -> None:
    try:
        entry = read_entry(text)
    except LogError:
        return
    for event in IrcRoom(None).events(entry.message, 0.0) if entry else []:
        assert not isinstance(event, ChatLine) or event.user
