from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bench.world import eventsub_payloads as payloads
from bench.world.twitch_lines import account_number
from bot.chat import eventsub_session
from bot.chat.error import SourceError
from bot.chat.eventsub_source import EventSubSource
from bot.chat.eventsub_wishes import CHAT, READ_CHAT, SCOPES, WRITE_CHAT
from bot.chat.limits import AS_MODERATOR, AS_VIEWER
from bot.chat.line import ChatCleared, ChatLine, MessageDeleted, Triggered, TriggerKind, UserCleared

DEADLINE_SECONDS = 30
World = Callable[..., AbstractAsyncContextManager[Any]]
Work = Callable[[Any, Any, EventSubSource], Coroutine[Any, Any, None]]
Run = Callable[..., None]

REWARD = "channel.channel_points_custom_reward_redemption.add"


@pytest.fixture
def run(twitch_world: World, listener: type[Any]) -> Run:
    """Runs `work(twitch, listener, source)`; the source has subscribed to everything it may."""

    def run(
        work: Work, *, is_ready: bool = True, source: dict[str, Any] | None = None, **options: Any
    ) -> None:
        async def main() -> None:
            async with twitch_world(**options) as twitch:
                reader = twitch.source(**(source or {}))
                ear = listener(reader)
                try:
                    if is_ready:
                        await twitch.eventsub.subscribed(CHAT.type, "channel.subscription.gift")
                        await ear.told("Reading the chat of #arcade")
                    await work(twitch, ear, reader)
                finally:
                    await ear.stop()

        asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))

    return run


def test_it_subscribes_says_so_and_reads(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        id = twitch.eventsub.say("Ada", "a500ms b+right")
        await ear.hear("a500ms b+right")
        state, line = ear.events
        assert state.up
        assert isinstance(line, ChatLine)
        assert (line.id, line.user, line.login, line.room) == (id, account_number("ada"), "ada", "arcade")
        assert twitch.eventsub.counters["inbound_traffic"] == 0

    run(work)


def test_moderation_and_what_people_spend_arrive_between_the_lines(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        world, ada = twitch.eventsub, account_number("ada")
        id = world.say("Ada", "left")
        world.notify("channel.chat.message_delete", payloads.message_delete("arcade", "Ada", id))
        world.notify("channel.chat.clear_user_messages", payloads.clear_user_messages("arcade", "Ada"))
        world.notify(REWARD, payloads.redemption("arcade", "Ada", "Jump", 300, "", id="r", sent_ms=1e12))
        world.notify("channel.subscribe", payloads.subscribed("arcade", "Ada"))
        world.notify("channel.subscription.message", payloads.resubscribed("arcade", "Ada", "hi", 2))
        world.notify("channel.subscription.gift", payloads.gave("arcade", None, 5))
        world.notify("channel.chat.clear", payloads.chat_clear("arcade"))
        await ear.until(lambda events: ChatCleared() in events)
        _, line, deleted, cleared, *spent, _ = ear.events
        assert isinstance(line, ChatLine)
        assert (deleted, cleared) == (MessageDeleted(id), UserCleared(ada))
        assert [event.kind for event in spent if isinstance(event, Triggered)] == [
            TriggerKind.REWARD,
            TriggerKind.SUBSCRIPTION,
            TriggerKind.SUBSCRIPTION,
            TriggerKind.GIFT,
        ]

    run(work)


def test_the_same_message_again_and_one_that_is_too_old_are_dropped(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.eventsub.say("Ada", "once")
        twitch.eventsub.repeat()
        old = payloads.chat_message("arcade", "Ada", "long ago", id="old")
        twitch.eventsub.notify(CHAT.type, old, sent_ms=1_000_000_000_000.0)
        twitch.eventsub.say("Ada", "then")
        await ear.hear("then")
        assert ear.texts == ["once", "then"]
        assert source.counters == {"duplicate": 1, "too_old": 1}

    run(work)


def test_a_move_in_the_middle_loses_and_doubles_nothing(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        asked = len(twitch.helix.requests)
        old = set(twitch.eventsub.sockets)
        for number in range(100):
            twitch.eventsub.say("Ada", str(number))
        twitch.eventsub.ask_reconnect()
        for number in range(100, 200):
            twitch.eventsub.say("Ada", str(number))
        number = 200
        moving = asyncio.create_task(twitch.eventsub.connected(2))
        while not moving.done():
            twitch.eventsub.say("Ada", str(number))
            number += 1
            await asyncio.sleep(0)
        for _ in range(100):
            twitch.eventsub.say("Ada", str(number))
            number += 1
        await asyncio.gather(*(socket.wait_closed() for socket in old))
        twitch.eventsub.say("Ada", "the end")
        await ear.hear("the end")
        assert ear.texts == [*map(str, range(number)), "the end"]
        assert source.counters["reconnect"] == 1
        assert len(twitch.helix.requests) == asked, "subscriptions carry over"
        assert all(state.up for state in ear.states)

    run(work)


def test_a_move_to_an_address_that_is_none_goes_on_with_a_new_session(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        [old] = twitch.eventsub.sockets
        twitch.eventsub.ask_reconnect("wss://evil.example/ws")
        await twitch.eventsub.subscribed(CHAT.type, "channel.subscription.gift", sessions=2)
        twitch.eventsub.say("Ada", "both hear this")
        await old.wait_closed()
        twitch.eventsub.say("Ada", "one hears this")
        await ear.hear("one hears this")
        assert ear.texts == ["both hear this", "one hears this"]
        assert source.counters["reconnect_malformed"] == 1
        assert all(state.up for state in ear.states)

    run(work)


def test_a_move_that_fails_is_made_up_for_while_the_old_session_is_still_read(run: Run) -> None:
    """4007: Twitch no longer knows the address it has given."""

    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        [old] = twitch.eventsub.sockets
        twitch.eventsub.ask_reconnect(f"{twitch.eventsub.url}?challenge=x&id=unknown")
        await twitch.eventsub.subscribed(CHAT.type, "channel.subscription.gift", sessions=2)
        twitch.eventsub.say("Ada", "both hear this")
        await old.wait_closed()
        twitch.eventsub.say("Ada", "one hears this")
        await ear.hear("one hears this")
        assert ear.texts == ["both hear this", "one hears this"]
        assert all(state.up for state in ear.states)

    run(work)


def test_a_move_to_where_nobody_says_welcome_begins_anew(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """4004: the old session is closed before the new one listens."""

    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        [old] = twitch.eventsub.sockets
        monkeypatch.setattr(eventsub_session, "WELCOME_MS", 500.0)
        twitch.eventsub.welcomes = False
        twitch.eventsub.ask_reconnect()
        await old.wait_closed()
        assert old.close_code == 4004
        state = await ear.told("gone silent")
        assert not state.up
        twitch.eventsub.welcomes = True
        await ear.until(lambda _: ear.states[-1].up)

    run(work, grace_s=0.1)


@pytest.mark.parametrize("code", [4000, 4002, 4003, 4004, 4005, 4006, 4007])
def test_a_close_is_named_and_mended(run: Run, code: int) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        await twitch.eventsub.close_all(code)
        state = await ear.told(f"close code {code}")
        assert not state.up
        assert "Trying again in" in state.text
        await ear.until(lambda _: ear.states[-1].up)
        twitch.eventsub.say("Ada", "left")
        await ear.hear("left")

    run(work)


def test_a_line_that_breaks_is_mended_and_ids_are_remembered(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.eventsub.say("Ada", "left", id="d8-41")
        await ear.hear("left")
        twitch.eventsub.drop_all()
        await ear.until(lambda _: [state.up for state in ear.states] == [True, False, True])
        twitch.eventsub.say("Ada", "left", id="d8-41")
        twitch.eventsub.say("Ada", "right")
        await ear.hear("right")
        assert ear.texts == ["left", "right"]

    run(work)


def test_silence_is_noticed_and_mended(run: Run) -> None:
    """The shortest time Twitch grants is 10 s; this server says 1 s."""

    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.eventsub.go_silent()
        await ear.told("gone silent")
        twitch.eventsub.go_silent(False)
        await ear.until(lambda _: ear.states[-1].up)

    run(work, keepalive_s=1.0)


def test_keepalives_keep_it_alive(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        # One every quarter of a second, where one a second is promised.
        await ear.eventually(lambda: twitch.eventsub.counters["keepalives"] >= 6)
        assert [state.up for state in ear.states] == [True]

    run(work, keepalive_s=0.5)


@pytest.mark.parametrize("status", ["user_removed", "authorization_revoked", "version_removed"])
def test_a_revoked_chat_is_told_in_plain_words(run: Run, status: str) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.eventsub.revoke(CHAT.type, status)
        await ear.until(lambda _: not ear.states[-1].up)
        assert status not in ear.states[-1].text
        assert "Twitch has ended it" in ear.states[-1].text

    run(work)


def test_another_revocation_is_told_and_the_chat_goes_on(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.eventsub.revoke(REWARD, "authorization_revoked")
        state = await ear.told("redeemed rewards")
        assert state.up
        twitch.eventsub.say("Ada", "left")
        await ear.hear("left")

    run(work)


def test_what_the_login_does_not_allow_is_told_once_and_the_rest_goes_on(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        state = await ear.told("channel:read:subscriptions")
        assert state.up
        assert source.counters["subscription_refused"] == 4
        await twitch.eventsub.close_all(4000)
        await ear.until(lambda _: len([state for state in ear.states if "Reading" in state.text]) == 2)
        await ear.eventually(lambda: source.counters["subscription_refused"] == 8)
        twitch.eventsub.say("Ada", "left")
        await ear.hear("left")
        assert len([state for state in ear.states if "channel:read" in state.text]) == 1

    run(work, is_ready=False, scopes=[READ_CHAT])


def test_another_account_reads_the_chat_but_not_the_streamer_s_rewards(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        await ear.told("as the streamer")
        assert source.can_say
        assert source.limits == AS_VIEWER
        source.say("hello")
        await twitch.helix.requested("POST /helix/chat/messages")
        assert twitch.helix.said == [(account_number("helper"), "hello", "")]

    run(work, is_ready=False, user="helper")


def test_a_chat_that_may_not_be_read_is_told(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        state = await ear.told("missing proper authorization")
        assert not state.up

    run(work, is_ready=False, scopes=[WRITE_CHAT])


def test_an_expired_login_is_refreshed_on_the_way(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.helix.expire()
        await twitch.eventsub.close_all(4000)
        await ear.until(lambda _: len(ear.states) >= 3 and ear.states[-1].up)
        assert twitch.helix.counters["refreshes"] == 1

    run(work)


def test_a_login_that_is_lost_says_what_to_do(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        twitch.helix.withdraw()
        await twitch.eventsub.close_all(4000)
        state = await ear.told("run.py login")
        assert not state.up
        assert not source.can_say

    run(work)


def test_a_channel_that_does_not_exist_is_told(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        state = await ear.told("there is no channel #nobody")
        assert not state.up

    run(work, is_ready=False, source={"channel": "nobody"})


def test_it_answers_and_can_say_so(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        assert source.can_say
        assert source.limits == AS_MODERATOR
        source.say("Democracy it is.", "line-1")
        await twitch.helix.requested("POST /helix/chat/messages")
        assert twitch.helix.said == [(account_number("arcade"), "Democracy it is.", "line-1")]

    run(work)


def test_our_own_answers_are_no_lines_but_the_streamer_s_are(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        source.say("left")
        await twitch.helix.requested("POST /helix/chat/messages")
        twitch.eventsub.say("arcade", "left")
        twitch.eventsub.say("arcade", "@Ada left")
        twitch.eventsub.say("Ada", "left")
        twitch.eventsub.say("arcade", "right")
        await ear.hear("right")
        assert ear.texts == ["left", "right"]
        assert source.counters["echo"] == 2

    run(work)


def test_nothing_that_comes_ends_it(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        for frame in ("", "{}", "[" * 10_000, "x" * 100_000, b"\x00\xff", '{"metadata": {}, "payload": {}}'):
            twitch.eventsub.raw(frame)
        twitch.eventsub.notify(CHAT.type, {"message": 7})
        twitch.eventsub.say("Ada", "left")
        await ear.hear("left")
        assert source.counters == {"message_malformed": 5, "binary_frame": 1, "event_malformed": 1}
        assert len(twitch.eventsub.sockets) == 1

    with caplog.at_level(logging.INFO):
        run(work)
    assert "Traceback" not in caplog.text


def test_closing_the_source_closes_its_connections(run: Run) -> None:
    async def work(twitch: Any, ear: Any, source: EventSubSource) -> None:
        sockets = set(twitch.eventsub.sockets)
        await ear.stop()
        await asyncio.gather(*(socket.wait_closed() for socket in sockets))

    run(work)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"socket_url": "ws://eventsub.example/ws"}, "unencrypted"),
        ({"api_url": "http://api.example/"}, "unencrypted"),
        ({"id_url": "ftp://id.example/"}, "address"),
        ({"id_url": "https:///"}, "address"),
    ],
)
def test_a_login_is_only_used_over_safe_lines(tmp_path: Path, options: dict[str, str], word: str) -> None:
    with pytest.raises(SourceError, match=word):
        EventSubSource("arcade", tmp_path / "login", **options)  # type: ignore[arg-type]  # urls alone


def test_a_login_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"does not exist; make it with: python3 run\.py login"):
        EventSubSource("arcade", tmp_path / "twitch.login")


def test_all_that_is_asked_for_at_login_is_used() -> None:
    assert {READ_CHAT, WRITE_CHAT} < set(SCOPES)
