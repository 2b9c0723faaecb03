from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web

from bench.world.twitch_lines import account_number
from bot.chat import helix
from bot.chat.eventsub_wishes import CHAT, READ_CHAT, SCOPES
from bot.chat.helix import Helix, Sent
from bot.chat.helix_answer import HelixError, LoginLostError
from bot.chat.tokens import LoginFile, read

DEADLINE_SECONDS = 30
Work = Callable[[Helix, Any], Coroutine[Any, Any, None]]
World = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def with_helix(twitch_world: World) -> Callable[..., None]:
    """Runs `work(helix, twitch)` against the local Twitch."""

    def run(work: Work, **options: Any) -> None:
        async def main() -> None:
            async with twitch_world(**options) as twitch:
                file = LoginFile(twitch.file)
                urls = {"api_url": twitch.helix.api_url, "id_url": twitch.helix.id_url}
                async with Helix(twitch.helix.client_id, file, **urls) as helix:
                    await work(helix, twitch)

        asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))

    return run


def test_it_says_whose_login_it_is(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        account = await helix.validate()
        assert (account.user, account.user_id) == ("arcade", account_number("arcade"))
        assert account.scopes == frozenset(SCOPES)

    with_helix(work)


def test_it_finds_an_account_or_none(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        assert await helix.account_id("helper") == account_number("helper")
        assert await helix.account_id("nobody") is None

    with_helix(work)


def test_a_line_is_sent_as_an_answer(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        assert await helix.send_line("1", "2", "hello", "line-1") == Sent(True)
        assert await helix.send_line("1", "2", "hello", "") == Sent(True)
        assert twitch.helix.said == [("2", "hello", "line-1"), ("2", "hello", "")]

    with_helix(work)


def test_a_line_twitch_does_not_show_has_its_reason(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.drop = ("msg_duplicate", "Your message was not sent.")
        assert await helix.send_line("1", "2", "x", "") == Sent(
            False, "msg_duplicate", "Your message was not sent."
        )

    with_helix(work)


def test_an_expired_token_is_refreshed_once_and_stored(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        before = read(twitch.file)
        twitch.helix.expire()
        await asyncio.gather(*(helix.account_id("helper") for _ in range(5)))
        after = read(twitch.file)
        assert twitch.helix.counters["refreshes"] == 1
        assert after.tokens.access in twitch.helix.access
        assert after.tokens.refresh != before.tokens.refresh
        assert (after.user, after.client_id) == (before.user, before.client_id)

    with_helix(work)


def test_a_hundred_refreshes_each_with_the_token_of_the_one_before(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        for _ in range(100):
            twitch.helix.expire()
            await helix.validate()
        assert twitch.helix.counters["refreshes"] == 100
        assert LoginFile(twitch.file).login.tokens.refresh in twitch.helix.refresh

    with_helix(work)


def test_who_is_cancelled_during_a_refresh_loses_no_token(with_helix: Callable[..., None]) -> None:
    """The one-time token is spent the moment it is sent: what comes back is stored whoever waits for it."""

    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.expire()
        caller = asyncio.create_task(helix.validate())
        await twitch.helix.requested("POST /oauth2/token")
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        await helix.__aexit__(None, None, None)
        assert read(twitch.file).tokens.refresh in twitch.helix.refresh

    with_helix(work)


def test_nothing_is_spent_if_it_could_not_be_stored(
    with_helix: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.expire()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", no_space)
            with pytest.raises(LoginLostError, match="cannot be written: No space"):
                await helix.validate()
        assert twitch.helix.counters["refreshes"] == 0
        await helix.validate()

    with_helix(work)


def no_space(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_login_made_meanwhile_is_taken_up(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.withdraw()
        with pytest.raises(LoginLostError, match=r"Invalid refresh token.*run\.py login"):
            await helix.validate()
        twitch.log_in()
        assert (await helix.validate()).user == "arcade"
        assert twitch.helix.counters["refreshes"] == 0

    with_helix(work)


def test_a_new_token_that_is_refused_too_is_a_lost_login(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.fail("/helix/users", 401, "Invalid OAuth token", times=2)
        with pytest.raises(LoginLostError, match="refused too"):
            await helix.account_id("helper")
        assert twitch.helix.counters["refreshes"] == 1

    with_helix(work)


def test_a_scope_the_login_lacks_is_not_looked_for_in_a_new_token(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        with pytest.raises(HelixError, match="Missing scope"):
            await helix.send_line("1", "2", "x", "")
        assert twitch.helix.counters["refreshes"] == 0

    with_helix(work, scopes=[READ_CHAT])


def test_a_subscription_that_is_there_already_is_as_good(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        twitch.helix.fail("/helix/eventsub/subscriptions", 409, "subscription already exists")
        await helix.subscribe(CHAT, {}, "session")
        twitch.helix.fail("/helix/eventsub/subscriptions", 403, "subscription missing proper authorization")
        with pytest.raises(HelixError) as caught:
            await helix.subscribe(CHAT, {}, "session")
        assert caught.value.status == 403

    with_helix(work)


def test_secrets_are_in_no_address_no_error_and_no_log(
    with_helix: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        tokens = read(twitch.file).tokens
        twitch.helix.withdraw()
        with pytest.raises(LoginLostError) as caught:
            await helix.validate()
        said = f"{caught.value} {caught.value.__cause__!r} {caplog.text}"
        assert tokens.refresh not in said
        assert tokens.access not in said
        code = await helix.ask_device_code(frozenset(SCOPES))
        with pytest.raises(HelixError) as pending:
            await helix.trade_device_code(code, frozenset(SCOPES))
        assert code.device_code not in f"{pending.value} {pending.value.__cause__!r} {caplog.text}"
        assert twitch.helix.counters["secrets_in_address"] == 0

    with caplog.at_level(logging.DEBUG):
        with_helix(work)


def test_a_code_becomes_a_login_once_somebody_agrees(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        scopes = frozenset(SCOPES)
        code = await helix.ask_device_code(scopes)
        assert (code.interval_s, code.expires_s) == (5, 1_800)
        assert code.user_code in code.url
        with pytest.raises(HelixError) as pending:
            await helix.trade_device_code(code, scopes)
        assert (pending.value.status, pending.value.message) == (400, "authorization_pending")
        twitch.helix.agree(code.user_code, "Helper")
        tokens = await helix.trade_device_code(code, scopes)
        assert tokens.scopes == scopes
        assert (await helix.look_up(tokens.access)).user == "helper"
        with pytest.raises(HelixError, match="invalid device code"):
            await helix.trade_device_code(code, scopes)

    with_helix(work)


NONSENSE: list[tuple[str, Callable[[Helix], Coroutine[Any, Any, object]]]] = [
    ("/oauth2/validate", lambda helix: helix.validate()),
    ("/helix/users", lambda helix: helix.account_id("x")),
    ("/helix/chat/messages", lambda helix: helix.send_line("1", "2", "x", "")),
    ("/oauth2/device", lambda helix: helix.ask_device_code(frozenset(SCOPES))),
]


@pytest.mark.parametrize("body", ["{}", "[]", "<html>", '{"data": 7}', '{"data": [7]}', "", '{"data": {}}'])
@pytest.mark.parametrize(("path", "call"), NONSENSE, ids=[path for path, _ in NONSENSE])
def test_nonsense_is_twitch_s_fault(
    with_helix: Callable[..., None],
    path: str,
    call: Callable[[Helix], Coroutine[Any, Any, object]],
    body: str,
) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        answer = web.Response(text=body, content_type="application/json")
        twitch.helix._failures[path].append(answer)
        with pytest.raises(HelixError):
            await call(helix)

    with_helix(work)


def test_a_refresh_that_brings_nonsense_is_no_login_to_store(with_helix: Callable[..., None]) -> None:
    async def work(helix: Helix, twitch: Any) -> None:
        before = read(twitch.file)
        twitch.helix.expire()
        answer = web.Response(text=json.dumps({"access_token": 7}), content_type="application/json")
        twitch.helix._failures["/oauth2/token"].append(answer)
        with pytest.raises(HelixError, match="nonsense"):
            await helix.validate()
        assert read(twitch.file) == before

    with_helix(work)


def test_a_farewell_does_not_wait_for_ever(twitch_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helix, "FAREWELL_SECONDS", 0.01)

    async def main() -> None:
        async with twitch_world() as twitch:

            async def never() -> None:
                await asyncio.Event().wait()

            client = Helix(twitch.helix.client_id, LoginFile(twitch.file), id_url=twitch.helix.id_url)
            async with client:
                task = asyncio.create_task(never())
                client._spending.add(task)
            task.cancel()

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))
