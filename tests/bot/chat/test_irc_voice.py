from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.irc_message import parse
from bot.chat.irc_voice import IrcVoice
from bot.chat.limits import AS_MODERATOR, AS_VIEWER

ID = "d831d848-b7c7-4559-ae3a-2cb88f4dbfed"


def new() -> IrcVoice:
    return IrcVoice("arcade", "bot", Counter())


def notice(kind: str) -> str:
    return f"@msg-id={kind} :tmi.twitch.tv NOTICE #arcade :Your message was not sent."


def test_a_line_is_said_in_the_channel() -> None:
    assert new().line("left is left", "") == "PRIVMSG #arcade :left is left"


def test_an_answer_names_the_line_it_answers() -> None:
    assert new().line("yes", ID) == f"@reply-parent-msg-id={ID} PRIVMSG #arcade :yes"


@pytest.mark.parametrize("id", ["unnamed-3", "x" * 36, f"{ID};a=b", f"{ID} QUIT", f"{ID}\n"])
def test_an_id_that_is_not_twitchs_is_left_out(id: str) -> None:
    assert new().line("yes", id) == "PRIVMSG #arcade :yes"


@given(st.text(st.characters(), max_size=600), st.text(st.characters(), max_size=50))
def test_no_text_makes_a_second_command(text: str, reply_to: str) -> None:
    line = new().line(text, reply_to)
    assert line == "" or line.startswith("PRIVMSG #arcade :")
    assert line.isprintable()
    assert len(line) <= len("PRIVMSG #arcade :") + 500


@pytest.mark.parametrize(
    ("tags", "limits"),
    [
        ("badges=;mod=0", AS_VIEWER),
        ("badges=subscriber/12;mod=0;subscriber=1", AS_VIEWER),
        ("badges=vip/1;mod=0", AS_MODERATOR),
        ("badges=;mod=1", AS_MODERATOR),
        ("badges=broadcaster/1;mod=0", AS_MODERATOR),
    ],
)
def test_the_pace_follows_the_accounts_standing(tags: str, limits: object) -> None:
    voice = new()
    voice.hear(parse(f"@{tags} :tmi.twitch.tv USERSTATE #arcade"))
    assert voice.limits == limits
    voice.hear(parse("@badges=;mod=0 :tmi.twitch.tv USERSTATE #arcade"))
    assert voice.limits == AS_VIEWER


def test_a_complaint_of_twitch_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    voice = new()
    for _ in range(3):
        voice.hear(parse(notice("msg_duplicate")))
    voice.hear(parse(notice("msg_banned")))
    assert voice.counters == {"notice_msg_duplicate": 3, "notice_msg_banned": 1}
    assert caplog.messages == [
        "An answer of the bot was not shown in #arcade: it was the same as the one before."
        " Moderators are exempt: /mod bot helps.",
        "An answer of the bot was not shown in #arcade: the bot's account is banned there.",
    ]


def test_a_notice_of_any_other_kind_grows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    voice = new()
    for number in range(100):
        voice.hear(parse(notice(f"kind-{number}")))
    voice.hear(parse(":tmi.twitch.tv NOTICE #arcade :no tags"))
    voice.hear(parse(":tmi.twitch.tv ROOMSTATE #arcade"))
    assert voice.counters == {"notice_other": 101}
    assert not caplog.messages
