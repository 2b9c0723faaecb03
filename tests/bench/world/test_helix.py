from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
from websockets.asyncio.client import connect

from bench.world.eventsub import LocalEventSub
from bench.world.helix import LocalHelix
from bench.world.twitch_lines import account_number

DEADLINE_SECONDS = 30
Work = Callable[[LocalHelix, "Caller", LocalEventSub], Coroutine[Any, Any, None]]


class Caller:
    """Calls it as a client of Twitch would."""

    def __init__(self, session: aiohttp.ClientSession, helix: LocalHelix) -> None:
        self._session = session
        self._helix = helix
        self.headers: dict[str, str] = {}

    async def token(self, **form: str) -> tuple[int, Any]:
        form = {"client_id": self._helix.client_id, **form}
        async with self._session.post(f"{self._helix.id_url}oauth2/token", data=form) as answer:
            return answer.status, await answer.json()

    async def device(self, **form: str) -> tuple[int, Any]:
        form = {"client_id": self._helix.client_id, **form}
        async with self._session.post(f"{self._helix.id_url}oauth2/device", data=form) as answer:
            return answer.status, await answer.json()

    async def call(self, method: str, path: str, token: str, **options: Any) -> tuple[int, Any]:
        headers = {"Client-Id": self._helix.client_id, "Authorization": f"Bearer {token}"}
        url = f"{self._helix.api_url}{path}"
        async with self._session.request(method, url, headers=headers, **options) as answer:
            self.headers = dict(answer.headers)
            return answer.status, await answer.json()


def run(work: Work) -> None:
    async def main() -> None:
        eventsub = LocalEventSub("arcade")
        helix = LocalHelix(eventsub)
        await eventsub.start()
        await helix.start()
        try:
            async with aiohttp.ClientSession() as session:
                await work(helix, Caller(session, helix), eventsub)
        finally:
            await helix.stop()
            await eventsub.stop()

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))


def test_a_code_is_pending_until_somebody_agrees_and_good_once() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        status, code = await caller.device(scopes="user:read:chat user:write:chat")
        assert (status, code["expires_in"], code["interval"]) == (200, 1_800, 5)
        form = {"device_code": code["device_code"], "grant_type": "device"}
        status, pending = await caller.token(**form)
        assert (status, pending["message"]) == (400, "authorization_pending")
        helix.agree(code["user_code"], "Ada")
        status, tokens = await caller.token(**form)
        assert (status, tokens["scope"]) == (200, ["user:read:chat", "user:write:chat"])
        status, again = await caller.token(**form)
        assert (status, again["message"]) == (400, "invalid device code")

    run(work)


def test_codes_can_be_declined_or_slowed_down() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        _, code = await caller.device(scopes="x")
        for word in ("slow_down", "access_denied", "expired_token"):
            helix.answer_codes(word)
            status, answer = await caller.token(device_code=code["device_code"])
            assert (status, answer["message"]) == (400, word)

    run(work)


def test_another_application_is_not_known() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        assert (await caller.device(client_id="other"))[0] == 400
        assert (await caller.token(client_id="other"))[0] == 400

    run(work)


def test_a_refresh_token_works_once_and_takes_the_old_one_with_it() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        access, refresh = helix.grant("arcade", ["user:read:chat"])
        assert (await caller.call("GET", "users?login=arcade", access))[0] == 200
        status, tokens = await caller.token(grant_type="refresh_token", refresh_token=refresh)
        assert (status, tokens["scope"]) == (200, ["user:read:chat"])
        assert (await caller.call("GET", "users?login=arcade", access))[0] == 401
        assert (await caller.call("GET", "users?login=arcade", tokens["access_token"]))[0] == 200
        status, spent = await caller.token(grant_type="refresh_token", refresh_token=refresh)
        assert (status, spent["message"]) == (400, "Invalid refresh token")

    run(work)


def test_a_subscription_needs_its_scope_its_account_and_a_session() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        access, _ = helix.grant("arcade", ["user:read:chat"])
        us = account_number("arcade")

        async def subscribe(type: str, session: str, user: str = us) -> int:
            condition = {"broadcaster_user_id": us, "user_id": user}
            transport = {"method": "websocket", "session_id": session}
            body = {"type": type, "version": "1", "condition": condition, "transport": transport}
            return (await caller.call("POST", "eventsub/subscriptions", access, json=body))[0]

        assert await subscribe("channel.chat.message", "nobody") == 400
        async with connect(eventsub.url):
            await eventsub.connected(1)
            [session] = eventsub.sessions
            assert await subscribe("channel.chat.message", session) == 202
            assert await subscribe("channel.chat.message", session) == 409
            assert await subscribe("channel.subscribe", session) == 403
            assert await subscribe("channel.chat.clear", session, user="1") == 403

    run(work)


def test_a_line_is_heard_or_dropped_with_a_reason() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        access, _ = helix.grant("arcade", ["user:write:chat"])
        body = {"broadcaster_id": "1", "sender_id": "2", "message": "hello"}
        status, answer = await caller.call("POST", "chat/messages", access, json=body)
        assert (status, answer["data"][0]["is_sent"]) == (200, True)
        assert helix.said == [("2", "hello", "")]
        helix.drop = ("msg_duplicate", "Twice.")
        _, answer = await caller.call("POST", "chat/messages", access, json=body)
        assert answer["data"][0]["drop_reason"] == {"code": "msg_duplicate", "message": "Twice."}

    run(work)


def test_what_is_scripted_comes_once() -> None:
    async def work(helix: LocalHelix, caller: Caller, eventsub: LocalEventSub) -> None:
        access, _ = helix.grant("arcade", [])
        helix.limit("/helix/users", 30)
        assert (await caller.call("GET", "users?login=arcade", access))[0] == 429
        assert int(caller.headers["Ratelimit-Reset"]) > 0
        assert (await caller.call("GET", "users?login=arcade", access))[0] == 200
        await helix.requested("GET /helix/users", 2)

    run(work)
