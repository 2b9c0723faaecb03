from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.world import eventsub_payloads as payloads
from bench.world.twitch_lines import account_number
from bot.chat.eventsub_events import ANONYMOUS, OLDEST_MS, EventSubRoom
from bot.chat.eventsub_message import Message, read_message
from bot.chat.fields import FieldError
from bot.chat.line import (
    ChatCleared,
    ChatEvent,
    ChatLine,
    MessageDeleted,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.text import normalise
from config.levels import Level

NOW = 1_784_473_011_634.0
CHAT = "channel.chat.message"
_ids = count(1)


def message(
    type: str, event: object, *, id: str = "", sent_ms: float = NOW, through: str = "sub-1"
) -> Message:
    payload = {"subscription": payloads.subscription(through, type, {}, "s"), "event": event}
    return read_message(payloads.written("notification", id or f"m-{next(_ids)}", sent_ms, payload))


def room(**options: Any) -> EventSubRoom:
    return EventSubRoom("arcade", **options)


def heard(room: EventSubRoom, type: str, event: object, **options: Any) -> list[ChatEvent]:
    return room.events(message(type, event, **options), NOW)


def said(text: str, *, id: str = "", user: str = "Ada", **changes: Any) -> dict[str, Any]:
    return payloads.chat_message("arcade", user, text, id=id or f"line-{next(_ids)}", **changes)


def line_of(events: list[ChatEvent]) -> ChatLine:
    [line] = events
    assert isinstance(line, ChatLine)
    return line


def test_a_line_as_twitch_documents_it() -> None:
    line = line_of(heard(room(), CHAT, said("a500ms b+right", id="cc106a89"), sent_ms=NOW - 100))
    assert line == ChatLine(
        id="cc106a89",
        user=account_number("ada"),
        name="Ada",
        level=Level.VIEWER,
        text="a500ms b+right",
        sent_ms=int(NOW) - 100,
        arrived_ms=NOW,
        room="arcade",
        login="ada",
    )


@pytest.mark.parametrize("level", list(Level))
def test_badges_say_who_somebody_is(level: Level) -> None:
    assert line_of(heard(room(), CHAT, said("left", level=level))).level is level


def test_the_highest_badge_counts_and_strange_ones_count_nothing() -> None:
    badges = [{"set_id": name} for name in ("premium", "founder", "lead_moderator", "vip")]
    assert line_of(heard(room(), CHAT, said("left", badges=badges))).level is Level.MODERATOR
    assert line_of(heard(room(), CHAT, said("left", badges=[{}, 7, {"set_id": 7}]))).level is Level.VIEWER


def test_badges_of_another_channel_count_nothing_here() -> None:
    event = said("left", source_badges=[{"set_id": "moderator", "id": "1", "info": ""}])
    assert line_of(heard(room(), CHAT, event)).level is Level.VIEWER


def test_a_me_line_is_read_as_what_it_says() -> None:
    assert normalise(line_of(heard(room(), CHAT, said("\x01ACTION left\x01"))).text) == "left"


def test_the_same_delivery_twice_counts_once() -> None:
    here = room()
    once = message(CHAT, said("left"))
    assert here.events(once, NOW)
    assert not here.events(once, NOW + 1)
    assert here.counters == {"duplicate": 1}


def test_a_gift_delivered_again_counts_once() -> None:
    """It has no id but that of its delivery, and two equal gifts would be two."""
    here = room()
    once = message("channel.subscription.gift", payloads.gave("arcade", None, 5))
    assert here.events(once, NOW)
    assert not here.events(once, NOW + 1)


def test_the_same_line_in_two_deliveries_counts_once() -> None:
    here = room()
    assert heard(here, CHAT, said("left", id="x"))
    assert not heard(here, CHAT, said("left", id="x"))


def test_what_is_older_than_ten_minutes_is_dropped_whatever_our_clock_says() -> None:
    for wrong_by_ms in (0.0, 3 * 86_400_000.0, -3 * 86_400_000.0):
        here = room()
        here.greeted(NOW, NOW + wrong_by_ms)
        late = message(CHAT, said("left"), sent_ms=NOW - OLDEST_MS - 1)
        assert not here.events(late, NOW + wrong_by_ms)
        assert here.counters == {"too_old": 1}
        just = message(CHAT, said("left"), sent_ms=NOW - OLDEST_MS + 1)
        assert here.events(just, NOW + wrong_by_ms)


def foreign(**changes: Any) -> dict[str, Any]:
    source = payloads.people("source_broadcaster_user", "neighbour")
    return said("left", **source, source_message_id="source-1", **changes)


def test_lines_of_another_channel_count_only_if_configured() -> None:
    here = room()
    assert not heard(here, CHAT, foreign())
    assert here.counters == {"foreign_room": 1}
    line = line_of(heard(room(shared_chat=True), CHAT, foreign()))
    assert line.room == account_number("neighbour")


def test_what_is_for_the_other_chat_alone_never_counts() -> None:
    assert not heard(room(shared_chat=True), CHAT, foreign(is_source_only=True))


def test_copies_of_a_shared_line_count_once() -> None:
    here = room(shared_chat=True)
    assert heard(here, CHAT, foreign())
    assert not heard(here, CHAT, foreign())


def test_our_own_line_during_shared_chat_is_ours() -> None:
    event = said("left", **payloads.people("source_broadcaster_user", "arcade"), source_message_id="s")
    assert line_of(heard(room(), CHAT, event)).room == "arcade"


def test_moderation_takes_back() -> None:
    here, ada = room(), account_number("ada")
    deleted = payloads.message_delete("arcade", "Ada", "line-7")
    cleared = payloads.clear_user_messages("arcade", "Ada")
    banned = payloads.ban("arcade", "Ada", "mod", NOW)
    assert heard(here, "channel.chat.message_delete", deleted) == [MessageDeleted("line-7")]
    assert heard(here, "channel.chat.clear_user_messages", cleared) == [UserCleared(ada)]
    assert heard(here, "channel.ban", banned) == [UserCleared(ada)]
    assert heard(here, "channel.chat.clear", payloads.chat_clear("arcade")) == [ChatCleared()]


def test_a_cheer_is_a_line_and_a_trigger() -> None:
    line, cheer = heard(room(), CHAT, said("cheer100 left", id="c", cheer={"bits": 100}))
    assert isinstance(line, ChatLine)
    assert cheer == Triggered("c", TriggerKind.CHEER, line.user, "Ada", "", 100, "cheer100 left", NOW)


def test_a_redeemed_reward_has_its_title_its_cost_and_what_was_written() -> None:
    event = payloads.redemption("arcade", "Ada", "Press start", 500, "now!", id="r-1", sent_ms=NOW)
    type = "channel.channel_points_custom_reward_redemption.add"
    here = room()
    ada = account_number("ada")
    assert heard(here, type, event) == [
        Triggered("r-1", TriggerKind.REWARD, ada, "Ada", "Press start", 500, "now!", NOW)
    ]
    assert not heard(here, type, event), "the same redemption"


def test_a_new_and_a_renewed_subscription() -> None:
    here = room()
    [new] = heard(here, "channel.subscribe", payloads.subscribed("arcade", "Ada"))
    assert isinstance(new, Triggered)
    assert (new.kind, new.amount, new.text) == (TriggerKind.SUBSCRIPTION, 1, "")
    [again] = heard(
        here, "channel.subscription.message", payloads.resubscribed("arcade", "Bob", "still here", 3)
    )
    assert isinstance(again, Triggered)
    assert (again.kind, again.amount, again.text) == (TriggerKind.SUBSCRIPTION, 1, "still here")


def test_a_gift_counts_for_its_giver_once_and_not_for_each_who_gets_it() -> None:
    here = room()
    [gift] = heard(here, "channel.subscription.gift", payloads.gave("arcade", "Ada", 5))
    assert isinstance(gift, Triggered)
    assert (gift.kind, gift.user, gift.amount) == (TriggerKind.GIFT, account_number("ada"), 5)
    for name in ("bob", "cyd"):
        assert not heard(here, "channel.subscribe", payloads.subscribed("arcade", name, is_gift=True))
    assert here.counters == {"was_given": 2}


def test_an_anonymous_gift_is_nobody_s() -> None:
    [gift] = heard(room(), "channel.subscription.gift", payloads.gave("arcade", None, 5))
    assert isinstance(gift, Triggered)
    assert (gift.user, gift.name) == (ANONYMOUS, ANONYMOUS)


def test_two_equal_gifts_are_two_unless_two_subscriptions_tell_of_one() -> None:
    here, gift = room(), payloads.gave("arcade", None, 5)
    type = "channel.subscription.gift"
    assert heard(here, type, gift, through="old")
    assert not heard(here, type, gift, through="new")
    assert heard(here, type, gift, through="new")


def test_another_channel_s_events_are_none_of_ours() -> None:
    here = room()
    here.channel_id = account_number("arcade")
    assert heard(here, CHAT, said("left"))
    assert not heard(here, "channel.chat.clear", payloads.chat_clear("elsewhere"))
    assert here.counters == {"other_channel": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": None},
        {"chatter_user_id": 7},
        {"chatter_user_login": ""},
        {"message": "left"},
        {"message": {"text": "x" * 2_000}},
        {"badges": {}},
        {"badges": [{}] * 100},
        {"cheer": {"bits": -1}},
        {"cheer": 100},
        {"source_broadcaster_user_id": []},
        {"broadcaster_user_id": None, "source_broadcaster_user_id": "1"},
    ],
)
def test_nonsense_is_counted_and_dropped(changes: dict[str, Any]) -> None:
    here = room()
    assert not heard(here, CHAT, said("left", **changes))
    assert here.counters == {"event_malformed": 1}


def test_what_was_not_asked_for_is_counted_and_dropped() -> None:
    here = room()
    assert not heard(here, "channel.follow", {})
    assert here.counters == {"event_unknown": 1}


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(sorted(EventSubRoom("x")._readers))
FIELDS = sorted(
    set(said("x"))
    | set(payloads.gave("a", None, 1))
    | set(payloads.redemption("a", "b", "c", 1, "d", id="e", sent_ms=NOW))
    | {"target_user_id"}
)


@given(TYPES, st.dictionaries(st.sampled_from(FIELDS), NESTED, max_size=5))
def test_any_event_is_read_or_counted(type: str, changes: dict[str, Any]) -> None:
    here = room()
    events = heard(here, type, json.loads(json.dumps({**said("left"), **changes})))
    assert events or sum(here.counters.values()) == 1


@given(st.dictionaries(st.sampled_from(["subscription", "event", "x"]), NESTED))
def test_any_payload_is_read_or_counted(payload: dict[str, Any]) -> None:
    here = room()
    try:
        told = read_message(payloads.written("notification", "m", NOW, payload))
    except FieldError:
        return
    assert not here.events(told, NOW)
    assert sum(here.counters.values()) == 1
