from __future__ import annotations

import pytest

from bench.world import twitch_lines as lines
from bot.chat.irc_message import Message, parse, read_tags
from bot.chat.irc_room import IrcRoom
from bot.chat.line import ChatCleared, ChatLine, MessageDeleted, UserCleared
from config.levels import Level


def write(level: Level = Level.VIEWER, extra: dict[str, str] | None = None) -> Message:
    return parse(
        lines.privmsg(
            "arcade", "Ada", "a : b", id="d8-41", sent_ms=1_760_000_000_123, level=level, extra=extra
        )
    )


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("extra", [None, {"bits": "1"}], ids=["plain", "with more tags"])
def test_the_bot_reads_what_was_meant(level: Level, extra: dict[str, str] | None) -> None:
    assert IrcRoom("arcade").line(write(level, extra), 7.0) == ChatLine(
        id="d8-41",
        user=lines.account_number("ada"),
        name="Ada",
        level=level,
        text="a : b",
        sent_ms=1_760_000_000_123,
        arrived_ms=7.0,
        room="arcade",
        login="ada",
    )


def test_a_line_has_all_the_tags_twitch_sends() -> None:
    tags = set(read_tags(write().tags))
    assert tags >= {
        "badge-info",
        "badges",
        "client-nonce",
        "color",
        "display-name",
        "emotes",
        "first-msg",
        "flags",
    }
    assert tags >= {
        "id",
        "mod",
        "returning-chatter",
        "room-id",
        "subscriber",
        "tmi-sent-ts",
        "turbo",
        "user-id",
    }


def test_further_tags_are_escaped_and_overwrite() -> None:
    tags = read_tags(write(extra={"display-name": "A; B\\", "id": "mine"}).tags)
    assert (tags["display-name"], tags["id"]) == ("A\\:\\sB\\\\", "mine")


def test_moderation_reads_as_what_it_is() -> None:
    room, ada = IrcRoom("arcade"), lines.account_number("ada")
    written = [
        lines.clear_user("arcade", "Ada", sent_ms=1, seconds=600),
        lines.clear_user("arcade", "Ada", sent_ms=1, seconds=None),
        lines.clear_chat("arcade", sent_ms=1),
        lines.delete_message("arcade", "Ada", "left", id="d8-41", sent_ms=1),
    ]
    events = [event for line in written for event in room.events(parse(line), 0.0)]
    assert events == [UserCleared(ada), UserCleared(ada), ChatCleared(), MessageDeleted("d8-41")]
    assert ["ban-duration" in line for line in written] == [True, False, False, False]


def test_a_line_without_its_tags_is_the_same_line() -> None:
    assert lines.without_tags("@a=b;c :x PING :y") == ":x PING :y"
    assert lines.without_tags(":x PING :y") == ":x PING :y"


def test_what_greets_a_member_is_irc() -> None:
    written = [*lines.welcome("ada"), *lines.joined("arcade", "ada"), lines.room_state("arcade")]
    written += [lines.user_state("arcade", "ada", Level.MODERATOR), lines.membership("arcade", "bob", "PART")]
    commands = [parse(line).command for line in written]
    assert commands[:7] == ["001", "002", "003", "004", "375", "372", "376"]
    assert commands[7:] == ["JOIN", "353", "366", "ROOMSTATE", "USERSTATE", "PART"]
