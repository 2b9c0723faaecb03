from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.irc import (
    CAPABILITIES,
    FAREWELL_MS,
    JOIN_AGAIN_MS,
    JOIN_ANSWER_MS,
    MOST_UNSENT,
    PONG_MS,
    QUIET_MS,
    IrcSession,
    Login,
    State,
    Wait,
)
from bot.chat.irc_room import IrcRoom
from bot.chat.irc_voice import IrcVoice
from bot.chat.limits import AS_MODERATOR, AS_VIEWER
from bot.chat.line import ChatEvent, ChatLine, MessageDeleted, SourceState

ROOMSTATE = "@room-id=700100200;slow=0 :tmi.twitch.tv ROOMSTATE #arcade"
Write = Callable[..., str]


def opened(room: IrcRoom | None = None, login: Login | None = None) -> IrcSession:
    """A session whose socket has just opened, its first lines sent."""
    session = IrcSession(room or IrcRoom("arcade"), login or Login("justinfan12345"))
    session.connected(0.0)
    session.lines_to_send()
    return session


def joined(room: IrcRoom | None = None) -> IrcSession:
    session = opened(room)
    session.receive(ROOMSTATE, 0.0)
    return session


def texts(events: list[ChatEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, ChatLine)]


def states(events: list[ChatEvent]) -> list[bool]:
    return [event.up for event in events if isinstance(event, SourceState)]


# Logging in


def test_without_a_token_it_asks_for_everything_and_no_password() -> None:
    session = IrcSession(IrcRoom("Arcade"), Login("justinfan12345"))
    session.connected(0.0)
    assert session.lines_to_send() == [CAPABILITIES, "NICK justinfan12345", "JOIN #arcade"]
    assert session.lines_to_send() == []


@pytest.mark.parametrize("token", ["abc", "oauth:abc"])
def test_a_token_goes_before_the_nick_and_gets_its_prefix(token: str) -> None:
    session = IrcSession(IrcRoom("arcade"), Login("ada", token))
    session.connected(0.0)
    assert session.lines_to_send()[1:3] == ["PASS oauth:abc", "NICK ada"]


def test_a_token_is_not_shown_by_its_owner() -> None:
    assert "secret" not in repr(Login("ada", "secret"))


@pytest.mark.parametrize("refusal", ["Login authentication failed", "Improperly formatted auth"])
def test_a_refused_login_ends_with_a_sentence_and_is_tried_again_slowly(refusal: str) -> None:
    session = opened(login=Login("ada", "abc"))
    assert session.receive(f":tmi.twitch.tv NOTICE * :{refusal}\r\n", 1.0) == []
    assert session.over
    assert session.end is not None
    assert session.end.wait is Wait.SLOWLY
    assert "token" in session.end.because
    assert session.next_timeout() is None


# Joining


@pytest.mark.parametrize(
    "proof",
    [
        ROOMSTATE,
        ":justinfan12345!justinfan12345@x JOIN #arcade",
        ":x 353 justinfan12345 = #arcade :justinfan12345",
        ":x 366 justinfan12345 #arcade :End of /NAMES list",
        ":ada!ada@ada.tmi.twitch.tv PRIVMSG #Arcade :left",
    ],
)
def test_anything_the_room_says_proves_the_join(proof: str) -> None:
    session = opened()
    assert states(session.receive(proof, 1.0)) == [True]
    assert states(session.receive(proof, 2.0)) == []
    assert session.handle_timeout(JOIN_ANSWER_MS) == []


def test_another_room_proves_nothing() -> None:
    assert opened().receive(":ada!ada@x PRIVMSG #elsewhere :left", 1.0) == []


def test_a_join_that_nobody_answers_is_said_once_and_asked_again_slowly() -> None:
    session = opened()
    assert session.next_timeout() == JOIN_ANSWER_MS
    assert session.handle_timeout(JOIN_ANSWER_MS - 1) == []
    [state] = session.handle_timeout(JOIN_ANSWER_MS)
    assert isinstance(state, SourceState)
    assert not state.up
    assert "#arcade" in state.text
    assert "misspelt" in state.text
    assert session.lines_to_send() == ["JOIN #arcade"]
    for time in range(1, 4):
        session.receive("PING", now := JOIN_ANSWER_MS + time * JOIN_AGAIN_MS)
        assert session.handle_timeout(now) == []
        assert session.lines_to_send() == ["PONG", "JOIN #arcade"]
    assert states(session.receive(ROOMSTATE, 200_000.0)) == [True]


def test_a_suspended_channel_is_said_and_asked_for_again() -> None:
    session = opened()
    notice = "@msg-id=msg_channel_suspended :tmi.twitch.tv NOTICE #arcade :This channel does not exist."
    assert states(session.receive(notice, 1.0)) == [False]
    assert session.receive(notice, 2.0) == []
    assert session.handle_timeout(2.0 + JOIN_AGAIN_MS) == []
    assert "JOIN #arcade" in session.lines_to_send()


def test_being_put_out_of_the_room_leads_back_in() -> None:
    session = joined()
    session.receive(":bob!bob@x PART #arcade", 1.0)
    assert session.lines_to_send() == []
    for _ in range(2):
        assert session.receive(":justinfan12345!justinfan12345@x PART #arcade", 1.0) == []
    assert session.lines_to_send() == ["JOIN #arcade"]
    assert states(session.handle_timeout(1.0 + JOIN_ANSWER_MS)) == [False]
    assert states(session.receive(ROOMSTATE, 20_000.0)) == [True]


def test_another_connection_of_ours_leaving_the_room_is_no_news() -> None:
    session = joined()
    session.receive(":justinfan12345!justinfan12345@x PART #arcade", 1.0)
    assert session.receive(ROOMSTATE, 2.0) == []
    assert session.handle_timeout(1.0 + JOIN_ANSWER_MS) == []


# Staying alive


def test_a_ping_is_answered_with_its_own_text() -> None:
    session = joined()
    session.receive("PING :tmi.twitch.tv\r\n", 1.0)
    assert session.lines_to_send() == ["PONG :tmi.twitch.tv"]


def test_the_answer_to_many_pings_is_no_larger_than_the_question() -> None:
    session = joined()
    session.receive("PING :a\r\n" * 10_000 + "PING :b", 1.0)
    assert session.lines_to_send() == ["PONG :b"]


def test_a_quiet_link_is_asked_and_a_dead_one_given_up() -> None:
    session = joined()
    assert session.next_timeout() == QUIET_MS
    session.handle_timeout(QUIET_MS)
    assert session.lines_to_send() == ["PING :crowdpad"]
    assert session.next_timeout() == QUIET_MS + PONG_MS
    session.handle_timeout(QUIET_MS + PONG_MS)
    assert session.over
    assert session.end is not None
    assert session.end.wait is Wait.BACK_OFF


@pytest.mark.parametrize("answer", [":tmi.twitch.tv PONG tmi.twitch.tv :crowdpad", "anything at all", ""])
def test_any_frame_shows_that_the_link_lives(answer: str) -> None:
    session = joined()
    session.handle_timeout(QUIET_MS)
    session.receive(answer, QUIET_MS + 1)
    assert session.next_timeout() == 2 * QUIET_MS + 1
    session.handle_timeout(QUIET_MS + PONG_MS)
    assert not session.over


def test_a_binary_frame_is_counted_and_shows_that_the_link_lives() -> None:
    room = IrcRoom("arcade")
    session = joined(room)
    session.receive_binary(5.0)
    assert room.counters == {"binary_frame": 1}
    assert session.next_timeout() == QUIET_MS + 5.0


def test_after_reconnect_the_old_link_is_read_until_it_had_its_time(privmsg: Write) -> None:
    session = joined()
    session.receive(":tmi.twitch.tv RECONNECT", 1_000.0)
    assert session.end is not None
    assert session.end.wait is Wait.AT_ONCE
    assert not session.over
    assert texts(session.receive(privmsg("left"), 2_000.0)) == ["left"]
    session.receive("PING :x\n:tmi.twitch.tv RECONNECT", 2_000.0)
    assert session.lines_to_send() == ["PONG :x"]
    session.handle_timeout(1_000.0 + FAREWELL_MS)
    assert session.over
    assert session.end.wait is Wait.AT_ONCE


def test_a_connection_that_is_left_already_has_one_successor_and_no_more() -> None:
    session = joined()
    session.receive(":tmi.twitch.tv RECONNECT\n:tmi.twitch.tv NOTICE * :Login unsuccessful", 1.0)
    assert session.over
    assert session.end is not None
    assert session.end.wait is Wait.AT_ONCE


# Reading


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_several_lines_in_a_frame_are_all_read(privmsg: Write, ending: str) -> None:
    frame = ending.join([privmsg("left"), "PING :x", privmsg("right"), ""])
    session = joined()
    assert texts(session.receive(frame, 1.0)) == ["left", "right"]
    assert session.lines_to_send() == ["PONG :x"]


def test_text_comes_through_as_it_was_written(privmsg: Write) -> None:
    nasty = [
        "left \U000e0000",
        "l\u200beft",
        "left\u034f",
        "left  ",
        "\x01ACTION left\x01",
        "@Ada left",
        "１２",
        "\u2028a\x85",
    ]
    assert texts(joined().receive("\r\n".join(map(privmsg, nasty)), 1.0)) == nasty


def test_events_keep_the_order_of_the_lines(privmsg: Write) -> None:
    frame = "\n".join(
        [privmsg("left", id="d8"), "@target-msg-id=d8 :tmi.twitch.tv CLEARMSG #arcade :left", privmsg("b")]
    )
    kinds = [type(event) for event in joined().receive(frame, 1.0)]
    assert kinds == [ChatLine, MessageDeleted, ChatLine]


def test_a_line_of_a_hundred_kilobytes_is_dropped_and_its_neighbours_are_not(privmsg: Write) -> None:
    room = IrcRoom("arcade")
    frame = "\r\n".join([privmsg("left"), privmsg("x" * 100_000), privmsg("right")])
    assert texts(joined(room).receive(frame, 1.0)) == ["left", "right"]
    assert room.counters == {"line_malformed": 1}


def test_what_came_on_one_connection_is_no_news_on_the_next(privmsg: Write) -> None:
    room, line = IrcRoom("arcade"), privmsg("left")
    assert texts(joined(room).receive(line, 1.0)) == ["left"]
    assert texts(joined(room).receive(line, 2.0)) == []


# Invariants

_FRAGMENTS = [
    "@id=1;user-id=7;tmi-sent-ts=9223372036854775808",
    ":ada!ada@ada.tmi.twitch.tv",
    *(
        "PRIVMSG",
        "CLEARCHAT",
        "CLEARMSG",
        "NOTICE *",
        "PART",
        "JOIN",
        "PING",
        "RECONNECT",
        "ROOMSTATE",
        "CAP * NAK",
    ),
    *(
        "#arcade",
        "#other",
        ":left",
        ":Login authentication failed",
        "\r\n",
        "\n",
        "\r",
        "@",
        ":",
        "\x00",
        "é\u2028",
    ),
]
_frames = st.lists(
    st.text(max_size=80) | st.lists(st.sampled_from(_FRAGMENTS), max_size=12).map(" ".join), max_size=8
)


@given(frames=_frames, pauses=st.lists(st.floats(0, 1e5), min_size=8, max_size=8))
def test_any_frames_at_any_times_are_read_or_counted_and_never_raise(
    frames: list[str], pauses: list[float]
) -> None:
    session, now = opened(), 0.0
    for frame, pause_ms in zip(frames, pauses, strict=False):
        now += pause_ms
        session.handle_timeout(now)
        session.receive(frame, now)
        assert sum(map(len, session.lines_to_send())) <= 2 * len("JOIN #arcade") + len(
            "PING :crowdpad"
        ) + len(frame)
        assert session.over == (session.next_timeout() is None)
        assert session.end is not None or session.state in (State.JOINING, State.UNANSWERED, State.JOINED)


@given(
    lines=st.lists(
        st.sampled_from(_FRAGMENTS[:-7]).map(lambda part: f":a!a@a PRIVMSG #arcade :{part}"), max_size=12
    ),
    cuts=st.sets(st.integers(0, 12)),
)
def test_lines_read_the_same_in_one_frame_and_in_several(lines: list[str], cuts: set[int]) -> None:
    whole, split = joined(), joined()
    expected = whole.receive("\r\n".join(lines), 1.0)
    edges = [0, *sorted(cut for cut in cuts if cut <= len(lines)), len(lines)]
    pieces = ["\n".join(lines[start:end]) for start, end in itertools.pairwise(edges)]
    assert [event for piece in pieces for event in split.receive(piece, 1.0)] == expected


# Speaking


def test_a_line_is_said_only_in_the_room() -> None:
    session = opened()
    assert not session.say("PRIVMSG #arcade :hello")
    session.receive(ROOMSTATE, 1.0)
    assert session.say("PRIVMSG #arcade :hello")
    assert session.to_do
    assert session.lines_to_send() == ["PRIVMSG #arcade :hello"]
    session.receive(":tmi.twitch.tv RECONNECT", 2.0)
    assert session.say("PRIVMSG #arcade :still here")
    session.handle_timeout(2.0 + FAREWELL_MS)
    assert session.over
    assert not session.say("PRIVMSG #arcade :too late")


def test_no_more_lines_wait_than_a_socket_that_lives_ever_leaves() -> None:
    session = joined()
    assert [session.say(f"PRIVMSG #arcade :{number}") for number in range(MOST_UNSENT + 1)][-2:] == [
        True,
        False,
    ]
    session.lines_to_send()
    assert session.say("PRIVMSG #arcade :again")


def test_the_voice_hears_what_concerns_it_and_its_room() -> None:
    voice = IrcVoice("arcade", "bot", Counter())
    session = IrcSession(IrcRoom("arcade"), Login("bot", "abc"), voice)
    session.connected(0.0)
    session.receive("@badges=;mod=1 :tmi.twitch.tv USERSTATE #elsewhere", 1.0)
    assert voice.limits == AS_VIEWER
    session.receive("@badges=;mod=1 :tmi.twitch.tv USERSTATE #arcade", 1.0)
    assert voice.limits == AS_MODERATOR
    session.receive("@msg-id=msg_ratelimit :tmi.twitch.tv NOTICE #arcade :Too quickly.", 2.0)
    assert voice.counters == {"notice_msg_ratelimit": 1}
