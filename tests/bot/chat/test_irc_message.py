from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.irc_message import MAX_LINE, IrcError, Message, parse, read_tags, read_time, unescape


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("PING :tmi.twitch.tv", Message("", "", "PING", ["tmi.twitch.tv"])),
        (":tmi.twitch.tv RECONNECT", Message("", "tmi.twitch.tv", "RECONNECT", [])),
        ("privmsg #arcade left", Message("", "", "PRIVMSG", ["#arcade", "left"])),
        (
            "@id=7;mod=1 :ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :a :b  c ",
            Message("id=7;mod=1", "ada!ada@ada.tmi.twitch.tv", "PRIVMSG", ["#arcade", "a :b  c "]),
        ),
        ("@id=7   :ada   PRIVMSG   #arcade   :left", Message("id=7", "ada", "PRIVMSG", ["#arcade", "left"])),
        (":x 353 me = #arcade :me", Message("", "x", "353", ["me", "=", "#arcade", "me"])),
        ("PRIVMSG #arcade :", Message("", "", "PRIVMSG", ["#arcade", ""])),
        (
            "PRIVMSG #arcade :\x01ACTION left\x01",
            Message("", "", "PRIVMSG", ["#arcade", "\x01ACTION left\x01"]),
        ),
    ],
)
def test_a_line_falls_into_its_parts(line: str, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize(
    "line", ["", " ", "@", "@tags-only", ":source-only", "@a=b :src", "?? x", "é :x", ":a  "]
)
def test_what_has_no_command_is_refused(line: str) -> None:
    with pytest.raises(IrcError):
        parse(line)


def test_a_line_past_the_bound_is_refused_and_one_at_the_bound_is_not() -> None:
    assert parse("PING :" + "x" * (MAX_LINE - 6)).command == "PING"
    with pytest.raises(IrcError):
        parse("PING :" + "x" * (MAX_LINE - 5))


def test_the_longest_line_twitch_allows_fits_in_any_script() -> None:
    source = ":" + "!".join(["l" * 25] * 2) + "@" + "l" * 25 + ".tmi.twitch.tv"
    line = f"@{'t' * 8000} {source} PRIVMSG #{'c' * 25} :{'界' * 500}"
    assert parse(line).params[1] == "界" * 500


def test_the_login_is_what_stands_before_the_exclamation_mark() -> None:
    assert parse(":Ada!ada@host PRIVMSG #a :x").login == "ada"
    assert parse(":tmi.twitch.tv NOTICE * :x").login == "tmi.twitch.tv"


def test_tags_without_a_value_are_empty_and_the_last_of_two_wins() -> None:
    assert read_tags("a;b=;c=1=2;c=3") == {"a": "", "b": "", "c": "3"}


@pytest.mark.parametrize(
    ("escaped", "meant"),
    [
        ("plain", "plain"),
        (r"Riot\sFun", "Riot Fun"),
        (r"a\:b", "a;b"),
        (r"a\\s", r"a\s"),
        (r"\r\n", "\r\n"),
        (r"a\bc", "abc"),
        ("lone\\", "lone"),
        ("\\\\\\", "\\"),
    ],
)
def test_escapes_of_tags(escaped: str, meant: str) -> None:
    assert unescape(escaped) == meant


@pytest.mark.parametrize(
    ("value", "ms"),
    [
        ("1760000000123", 1_760_000_000_123),
        ("0", 0),
        ("", None),
        ("-1", None),
        ("9223372036854775807", None),
        ("-9223372036854775808", None),
        ("18446744073709551616", None),
        ("9" * 5000, None),
        ("1e9", None),
        ("1_0", None),
        (" 1", None),
        ("١٢٣", None),
        ("²", None),
    ],
)
def test_dates_of_any_kind_are_milliseconds_or_nothing(value: str, ms: int | None) -> None:
    assert read_time(value) == ms


@given(st.text(max_size=200) | st.text(alphabet="@:;= \\ab#PRIVMSG\x00é", max_size=60))
def test_any_line_either_parses_or_raises_irc_error(line: str) -> None:
    try:
        message = parse(line)
    except IrcError:
        return
    for value in read_tags(message.tags).values():
        unescape(value)
        read_time(value)
