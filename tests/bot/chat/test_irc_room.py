from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.irc_message import Message, parse
from bot.chat.irc_room import MAX_ID, IrcRoom
from bot.chat.line import ChatCleared, ChatEvent, ChatLine, MessageDeleted, UserCleared
from config.levels import Level

NOW = 5_000.0
Write = Callable[..., str]


def read(room: IrcRoom, line: str) -> ChatLine | None:
    return room.line(parse(line), NOW)


def events(room: IrcRoom, line: str) -> list[ChatEvent]:
    return room.events(parse(line), NOW)


@pytest.fixture
def room() -> IrcRoom:
    return IrcRoom("Arcade")


def test_a_line_carries_who_what_and_when(room: IrcRoom, privmsg: Write) -> None:
    line = privmsg("a500ms b+right", id="d8-41", badges="moderator/1,subscriber/12", display_name="Ada\\sL")
    assert read(room, line) == ChatLine(
        id="d8-41",
        user="400500600",
        name="Ada L",
        level=Level.MODERATOR,
        text="a500ms b+right",
        sent_ms=1_760_000_000_123,
        arrived_ms=NOW,
        room="arcade",
        login="ada",
    )


def test_a_line_without_tags_counts_under_its_login(room: IrcRoom) -> None:
    line = read(room, ":Ada!ada@ada.tmi.twitch.tv PRIVMSG #ARCADE :left")
    assert line is not None
    assert (line.user, line.name, line.sent_ms, line.level) == ("ada", "ada", None, Level.VIEWER)


def test_lines_without_an_id_are_given_different_ones(room: IrcRoom, privmsg: Write) -> None:
    lines = [read(room, privmsg("left", id=id)) for id in (None, None, "", "x" * (MAX_ID + 1))]
    assert len({line.id for line in lines if line}) == 4


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({}, Level.VIEWER),
        ({"badges": "bits/100"}, Level.VIEWER),
        ({"badges": "subscriber/3024"}, Level.SUBSCRIBER),
        ({"badges": "founder/0"}, Level.SUBSCRIBER),
        ({"badges": "vip/1,subscriber/3"}, Level.VIP),
        ({"badges": "lead_moderator/1"}, Level.MODERATOR),
        ({"badges": "broadcaster/1,subscriber/3"}, Level.BROADCASTER),
        ({"badges": "bits-leader/1,moderator/1"}, Level.MODERATOR),
        ({"badges": "xmoderator/1"}, Level.VIEWER),
        ({"mod": "1"}, Level.MODERATOR),
        ({"vip": "1"}, Level.VIP),
        ({"subscriber": "1"}, Level.SUBSCRIBER),
        ({"badges": "bits/1", "mod": "1"}, Level.MODERATOR),
        ({"badges": "subscriber/1", "mod": "1"}, Level.MODERATOR),
        ({"badges": "moderator/1", "source_badges": "broadcaster/1"}, Level.MODERATOR),
    ],
)
def test_the_highest_level_here_counts(
    room: IrcRoom, privmsg: Write, tags: dict[str, str], level: Level
) -> None:
    line = read(room, privmsg("left", **tags))
    assert line is not None
    assert line.level is level


def test_a_line_that_comes_twice_counts_once(room: IrcRoom, privmsg: Write) -> None:
    line = privmsg("left")
    assert read(room, line) is not None
    assert read(room, line) is None
    assert room.counters == {"duplicate": 1}


def test_a_line_of_another_channel_is_dropped(room: IrcRoom, privmsg: Write) -> None:
    assert read(room, privmsg("left", channel="elsewhere")) is None
    assert events(room, ":tmi.twitch.tv CLEARCHAT #elsewhere") == []
    assert room.counters == {"other_channel": 2}


@pytest.mark.parametrize("line", ["PRIVMSG", ":ada PRIVMSG", ":ada PRIVMSG #arcade", "PRIVMSG #arcade :left"])
def test_a_line_that_lacks_a_part_is_dropped(room: IrcRoom, line: str) -> None:
    assert read(room, line) is None
    assert room.counters.total() == 1


def test_an_endless_name_is_dropped(room: IrcRoom, privmsg: Write) -> None:
    assert read(room, privmsg("left", user_id="7" * (MAX_ID + 1))) is None
    assert read(room, privmsg("left", login="l" * (MAX_ID + 1))) is None
    assert room.counters == {"line_malformed": 2}


# Shared Chat


def test_another_rooms_line_counts_only_where_shared_chat_does(privmsg: Write) -> None:
    line = privmsg("left", source_room_id="999", source_id="orig-1", source_only="0")
    closed, shared = IrcRoom("arcade"), IrcRoom("arcade", shared_chat=True)
    assert read(closed, line) is None
    assert closed.counters == {"foreign_room": 1}
    chat_line = read(shared, line)
    assert chat_line is not None
    assert chat_line.room == "999"


def test_our_own_rooms_line_counts_during_shared_chat(room: IrcRoom, privmsg: Write) -> None:
    for source_only in ("0", "1"):
        line = read(room, privmsg("left", source_room_id="700100200", source_only=source_only))
        assert line is not None
        assert line.room == "arcade"


def test_a_line_meant_for_the_other_room_alone_never_counts(privmsg: Write) -> None:
    shared = IrcRoom("arcade", shared_chat=True)
    assert read(shared, privmsg("left", source_room_id="999", source_only="1")) is None


def test_copies_of_one_shared_line_count_once(privmsg: Write) -> None:
    shared = IrcRoom("arcade", shared_chat=True)
    copies = [privmsg("left", id=id, source_id="orig-1", source_room_id="999") for id in ("one", "two")]
    assert [read(shared, copy) is not None for copy in copies] == [True, False]


def test_moderators_of_another_room_do_not_rule_here(room: IrcRoom) -> None:
    tags = "room-id=1;source-room-id=2;target-user-id=400500600;target-msg-id=d8-41"
    assert events(room, f"@{tags} :tmi.twitch.tv CLEARCHAT #arcade :ada") == []
    assert events(room, f"@{tags} :tmi.twitch.tv CLEARMSG #arcade :left") == []
    assert room.counters == {"foreign_room": 2}


# Bans and deletions


def test_a_ban_clears_the_account(room: IrcRoom) -> None:
    tags = "ban-duration=600;room-id=700100200;target-user-id=400500600;tmi-sent-ts=1760000000123"
    assert events(room, f"@{tags} :tmi.twitch.tv CLEARCHAT #arcade :ada") == [UserCleared("400500600")]


def test_a_ban_without_tags_clears_the_login_and_the_account_it_spoke_under(
    room: IrcRoom, privmsg: Write
) -> None:
    ban = ":tmi.twitch.tv CLEARCHAT #arcade :Ada"
    assert events(room, ban) == [UserCleared("ada")]
    read(room, privmsg("left"))
    assert UserCleared("400500600") in events(room, ban)


def test_a_ban_with_tags_also_clears_lines_that_came_without(room: IrcRoom) -> None:
    read(room, ":ada!ada@ada.tmi.twitch.tv PRIVMSG #arcade :left")
    cleared = events(room, "@target-user-id=400500600 :tmi.twitch.tv CLEARCHAT #arcade :ada")
    assert cleared == [UserCleared("400500600"), UserCleared("ada")]


def test_a_clear_without_a_target_clears_all(room: IrcRoom) -> None:
    assert events(room, "@room-id=700100200 :tmi.twitch.tv CLEARCHAT #arcade") == [ChatCleared()]


def test_a_deletion_names_its_message(room: IrcRoom) -> None:
    line = "@login=ada;target-msg-id=d8-41 :tmi.twitch.tv CLEARMSG #arcade :left"
    assert events(room, line) == [MessageDeleted("d8-41")]
    assert events(room, ":tmi.twitch.tv CLEARMSG #arcade :left") == []


def test_other_commands_say_nothing(room: IrcRoom) -> None:
    assert events(room, ":tmi.twitch.tv ROOMSTATE #arcade") == []
    assert not room.counters


def test_a_room_without_a_channel_reads_every_channel(privmsg: Write) -> None:
    line = read(IrcRoom(None), privmsg("left", channel="Elsewhere"))
    assert line is not None
    assert line.room == "elsewhere"


_word = st.sampled_from(["", "1", "arcade", "#arcade", "id", "user-id", "a" * 70, "source-room-id", "é"])


@given(
    tags=st.dictionaries(
        st.sampled_from(
            ["id", "user-id", "source-id", "source-room-id", "target-user-id", "target-msg-id", "tmi-sent-ts"]
        ),
        st.text(alphabet="0189\\a١", max_size=70),
    ),
    source=_word,
    command=st.sampled_from(["PRIVMSG", "CLEARCHAT", "CLEARMSG", "NOTICE"]),
    params=st.lists(_word, max_size=3),
)
def test_any_message_yields_events_whose_ids_are_bounded(
    tags: dict[str, str], source: str, command: str, params: list[str]
) -> None:
    message = Message(";".join(f"{key}={value}" for key, value in tags.items()), source, command, params)
    for event in IrcRoom("arcade", shared_chat=True).events(message, NOW):
        keys = [getattr(event, name, "") for name in ("id", "user")]
        assert all(len(key) <= MAX_ID for key in keys)
        assert not isinstance(event, ChatLine | UserCleared) or event.user


def test_our_own_line_shown_by_another_connection_is_no_input(room: IrcRoom, privmsg: Write) -> None:
    line = privmsg("left")
    plain, heard = read(room, line), IrcRoom("Arcade")
    assert plain is not None
    heard.echo.login = plain.login
    heard.echo.said("left", NOW)
    assert heard.line(parse(line), NOW) is None
    assert heard.counters["echo"] == 1
