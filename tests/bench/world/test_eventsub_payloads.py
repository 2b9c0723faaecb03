from __future__ import annotations

import json

from bench.world import eventsub_payloads as payloads
from bench.world.twitch_lines import account_number
from config.levels import Level

AT_MS = 1_784_473_011_634.0


def test_a_message_has_the_head_twitch_documents() -> None:
    frame = payloads.written("notification", "m-1", AT_MS, {}, subscription_type="channel.ban")
    assert json.loads(frame) == {
        "metadata": {
            "message_id": "m-1",
            "message_type": "notification",
            "message_timestamp": "2026-07-19T14:56:51.634000321Z",
            "subscription_type": "channel.ban",
        },
        "payload": {},
    }


def test_a_chat_message_has_the_fields_twitch_documents() -> None:
    event = payloads.chat_message("arcade", "Ada", "left", id="line-1", level=Level.MODERATOR)
    assert event["chatter_user_id"] == account_number("ada")
    assert (event["chatter_user_login"], event["chatter_user_name"]) == ("ada", "Ada")
    assert event["message"]["text"] == event["message"]["fragments"][0]["text"] == "left"
    assert [badge["set_id"] for badge in event["badges"]] == ["moderator", "subscriber"]
    assert event["cheer"] is event["reply"] is event["source_message_id"] is None


def test_changes_win() -> None:
    assert payloads.chat_message("arcade", "Ada", "x", id="1", cheer={"bits": 5})["cheer"] == {"bits": 5}


def test_a_subscription_repeats_what_was_asked_for() -> None:
    told = payloads.subscription(
        "sub", "channel.ban", {"broadcaster_user_id": "1"}, "s", status="user_removed"
    )
    assert (told["type"], told["status"], told["transport"]["session_id"]) == (
        "channel.ban",
        "user_removed",
        "s",
    )


def test_who_gives_anonymously_has_no_name() -> None:
    gift = payloads.gave("arcade", None, 5)
    assert gift["user_id"] is gift["user_login"] is gift["user_name"] is None
    assert gift["is_anonymous"]
