from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from bot.chat import helix_door
from bot.chat.helix_answer import HelixError
from bot.chat.helix_door import HelixDoor
from bot.chat.twitch_library import Route
from tunnel.wallclock import WallClock

DEADLINE_SECONDS = 30


def run(
    answer: Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]],
    work: Callable[[HelixDoor], Coroutine[Any, Any, None]],
) -> None:
    """`work` with a door to a server that answers everything with `answer`."""

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        door = HelixDoor("ourclient", f"{url}/helix", f"{url}/", WallClock())
        door.open()
        try:
            await work(door)
        finally:
            await door.close()
            await runner.cleanup()

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))


async def echo(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "path": request.path_qs,
            "headers": {name: request.headers.get(name) for name in ("Client-Id", "Authorization")},
            "form": {name: str(value) for name, value in (await request.post()).items()},
        }
    )


def test_what_twitchio_builds_goes_to_our_address_with_our_token() -> None:
    async def work(door: HelixDoor) -> None:
        route = Route("GET", "users", params={"login": ["a_b", "c"]})
        assert await door.send(route, "secret") == {
            "path": "/helix/users?login=a_b&login=c",
            "headers": {"Client-Id": "ourclient", "Authorization": "Bearer secret"},
            "form": {},
        }

    run(echo, work)


def test_what_logs_in_is_a_form_and_comes_through_unharmed() -> None:
    async def work(door: HelixDoor) -> None:
        params = {
            "refresh_token": "a%2Bb%2F%3D",
            "scopes": "user%3Aread%3Achat+x",
            "grant_type": "refresh_token",
        }
        answer = await door.send(Route("POST", "/oauth2/token", use_id=True, params=params), None)
        assert answer == {
            "path": "/oauth2/token",
            "headers": {"Client-Id": "ourclient", "Authorization": None},
            "form": {"refresh_token": "a+b/=", "scopes": "user:read:chat x", "grant_type": "refresh_token"},
        }

    run(echo, work)


def test_a_limit_is_waited_out_and_the_call_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr("bot.chat.helix_door.asyncio.sleep", note)
    calls = 0

    async def limit_once(request: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        if calls > 1:
            return web.json_response({"calls": calls})
        return web.json_response({}, status=429, headers={"Ratelimit-Reset": str(int(time.time()) + 30)})

    async def work(door: HelixDoor) -> None:
        assert await door.send(Route("GET", "users"), "t") == {"calls": 2}
        assert [round(seconds) for seconds in waits[:2]] in ([0, 29], [0, 30])

    run(limit_once, work)


def test_a_limit_that_is_not_lifted_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helix_door, "limit_wait_ms", lambda headers: 1.0)

    async def always(request: web.Request) -> web.Response:
        return web.json_response({"message": "slow"}, status=429)

    async def work(door: HelixDoor) -> None:
        with pytest.raises(HelixError, match="too many requests") as caught:
            await door.send(Route("GET", "users"), "t")
        assert caught.value.status == 429

    run(always, work)


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helix_door, "REQUEST_SECONDS", 0.05)
    hung = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await hung.wait()
        return web.Response()

    async def work(door: HelixDoor) -> None:
        with pytest.raises(HelixError, match="in time"):
            await door.send(Route("GET", "users"), "t")
        hung.set()

    run(hang, work)


def test_an_answer_without_end_is_not_read_to_it() -> None:
    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has had enough
        return response

    async def work(door: HelixDoor) -> None:
        with pytest.raises(HelixError, match="far too long"):
            await door.send(Route("GET", "users"), "t")

    run(pour, work)


def test_a_redirect_is_not_followed_with_our_token() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    async def work(door: HelixDoor) -> None:
        with pytest.raises(HelixError, match="302"):
            await door.send(Route("GET", "users"), "t")

    run(elsewhere, work)


def test_a_server_that_is_not_there_is_told_in_plain_words() -> None:
    async def main() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        door = HelixDoor("ourclient", url, url, WallClock())
        door.open()
        try:
            with pytest.raises(HelixError, match="cannot be reached: connection refused"):
                await door.send(Route("GET", "users"), "t")
        finally:
            await door.close()

    asyncio.run(asyncio.wait_for(main(), DEADLINE_SECONDS))
