from __future__ import annotations

from bench.world.helix import SCOPE_OF
from bot.chat.eventsub_events import EventSubRoom
from bot.chat.eventsub_wishes import CHAT, OTHERS, READ_CHAT, SCOPES, SEE_BANS, refusal, what_is, worth_asking


def test_we_ask_for_what_we_understand_and_understand_what_we_ask_for() -> None:
    assert {wish.type for wish in (CHAT, *OTHERS)} == set(EventSubRoom("x")._readers)


def test_every_wish_names_the_scope_it_needs() -> None:
    assert {wish.type: wish.scope for wish in (CHAT, *OTHERS)} == SCOPE_OF
    assert all(wish.scope in SCOPES for wish in (CHAT, *OTHERS) if not wish.optional)


def test_a_condition_names_the_reader_where_twitch_wants_to_know() -> None:
    assert CHAT.condition("7", "8") == {"broadcaster_user_id": "7", "user_id": "8"}
    assert OTHERS[-1].condition("7", "8") == {"broadcaster_user_id": "7"}


def test_bans_are_asked_for_only_where_the_login_allows_it() -> None:
    assert "channel.ban" not in {wish.type for wish in worth_asking(frozenset(SCOPES))}
    assert "channel.ban" in {wish.type for wish in worth_asking(frozenset({SEE_BANS}))}


def test_a_refusal_says_what_helps() -> None:
    gifts = [wish for wish in OTHERS if wish.scope == "channel:read:subscriptions"]
    lacking = refusal(gifts, frozenset({READ_CHAT}), is_streamer=True)
    assert "lacks channel:read:subscriptions" in lacking
    assert "given subscriptions" in lacking
    assert "as the streamer" in refusal(gifts, frozenset(SCOPES), is_streamer=False)
    assert "does not have them" in refusal(gifts, frozenset(SCOPES), is_streamer=True)


def test_a_type_has_a_name_for_people() -> None:
    assert what_is("channel.chat.message") == "chat lines"
    assert what_is("channel.party") == "channel.party"
