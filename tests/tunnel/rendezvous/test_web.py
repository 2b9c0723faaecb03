"""A web store as a meeting place, against real servers: honest ones, Firebase's likeness, and bad ones."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from tests.tunnel.relay.conftest import tls_files
from tests.tunnel.rendezvous.conftest import NOW, UDP, Ends
from tunnel.relay.settings import TlsFiles
from tunnel.rendezvous import web as web_place
from tunnel.rendezvous.board import Board
from tunnel.rendezvous.place import MAX_LETTER, Hole, Patient, PlaceError
from tunnel.rendezvous.web import WebOptions, WebPlace
from tunnel.rendezvous.web_text import body_of
from tunnel.room import DAY_MS
from tunnel.wallclock import WallClock

__all__ = ["tls_files"]

LONGEST_S: Final = 30.0
LETTER: Final = b"\x01a letter"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Store:
    """A server that keeps what is put. `firebase`: JSON alone, and `null` where there is nothing."""

    def __init__(self, *, firebase: bool = False) -> None:
        self.firebase = firebase
        self.kept: dict[str, bytes] = {}
        self.seen: list[web.Request] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        if request.method == "PUT":
            return self._put(request.path, await request.read(), request.content_type)
        body = self.kept.get(request.path)
        if body is None and not self.firebase:
            raise web.HTTPNotFound
        return web.Response(body=body or b"null", content_type="application/json")

    def _put(self, path: str, body: bytes, kind: str) -> web.Response:
        if self.firebase:
            if not path.endswith(".json") or not isinstance(json.loads(body), str):
                raise web.HTTPBadRequest
            assert kind == "application/json"
        self.kept[path] = body
        return web.Response(body=body if self.firebase else b"")


@asynccontextmanager
async def serving(handler: Handler, trusted: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers everything so; yields its address, without a slash at the end."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trusted).start()
    try:
        yield f"{'https' if trusted else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class SetClock(WallClock):
    """Stands still, and shows the date that it is told to."""

    def __init__(self, now: float = NOW) -> None:
        super().__init__()
        self.shown = now

    def now(self) -> float:
        return NOW

    def date(self) -> float:
        return self.shown


class Visit:
    """A place that runs, and what it handed over."""

    def __init__(self, place: WebPlace) -> None:
        self.ups = 0
        self.letters: list[bytes] = []
        self.place = place

    def up(self) -> None:
        self.ups += 1

    async def run(self) -> None:
        await self.place.run(self.up, self.letters.append)

    async def failure(self) -> str:
        """What it says when it ends."""
        with pytest.raises(PlaceError) as caught:
            await self.run()
        assert str(caught.value).endswith(".")
        return re.sub(r"127\.0\.0\.1:\d+", "HOST", str(caught.value))


@asynccontextmanager
async def visiting(place: WebPlace) -> AsyncIterator[Visit]:
    visit = Visit(place)
    task = asyncio.create_task(visit.run())
    try:
        yield visit
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(ended[0], asyncio.CancelledError), ended


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while not condition():  # noqa: ASYNC110  many things may make it true
            await asyncio.sleep(0.005)


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, LONGEST_S))


@pytest.fixture
def place(ends: Ends) -> Callable[..., WebPlace]:
    """place(url): the receiver's, which looks all the time, as its clock stands still."""

    def make(
        url: str, clock: WallClock | None = None, tls_ca: Path | None = None, **options: Any
    ) -> WebPlace:
        return WebPlace(WebOptions(url, **options), ends.cloud, clock or SetClock(), tls_ca=tls_ca)

    return make


Place = Callable[..., WebPlace]


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_place, "LOOK_MS", 0.0)
    rest = WebPlace._rest

    async def short_rest(self: WebPlace) -> None:
        await asyncio.sleep(0.01)
        await rest(self)

    monkeypatch.setattr(WebPlace, "_rest", short_rest)


@pytest.mark.parametrize("firebase", [False, True])
def test_two_boards_meet_in_a_web_store(ends: Ends, firebase: bool) -> None:
    async def scene() -> None:
        store, told, clock = Store(firebase=firebase), [], WallClock()
        async with serving(store) as url:
            options = WebOptions(f"{url}/crowdpad/{{hole}}.json", as_json=firebase)
            boards = [
                Board(keys, [WebPlace(options, keys, clock)], clock, lambda kind, body: told.append(body))
                for keys in (ends.bot, ends.cloud)
            ]
            tasks = [asyncio.create_task(board.run()) for board in boards]
            for number, board in enumerate(boards):
                board.put(UDP, b"from %d" % number)
            await until(lambda: sorted(told) == [b"from 0", b"from 1"])
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        assert all(re.fullmatch(r"/crowdpad/[0-9a-f]{32}\.json", path) for path in store.kept)
        assert len(store.kept) == 2

    play(scene())


def path_of(hole: Hole) -> str:
    return f"/{hole.name.hex()}"


def test_a_letter_is_handed_over_once_and_another_when_it_comes(ends: Ends, place: Place) -> None:
    async def scene() -> None:
        store, theirs = Store(), path_of(ends.bot.own(NOW))
        async with serving(store) as url, visiting(place(url + "/{hole}")) as visit:
            await until(lambda: visit.ups)
            for letter in (b"one", b"another"):
                store.kept[theirs] = body_of(letter, as_json=False)
                await until(lambda letter=letter: visit.letters[-1:] == [letter])  # type: ignore[misc]  # no type for a lambda's default
            seen = len(store.seen)
            await until(lambda: len(store.seen) > seen + 3)
            assert visit.letters == [b"one", b"another"]
            assert visit.ups == 1

    play(scene())


def test_our_letter_is_put_once_and_at_midnight_in_the_next_hole(ends: Ends, place: Place) -> None:
    async def scene() -> None:
        store, clock = Store(), SetClock()
        async with serving(store) as url:
            shop = place(url + "/{hole}", clock)
            shop.post(LETTER)
            async with visiting(shop):
                for now in (NOW, NOW + DAY_MS // 2):
                    clock.shown = now
                    await until(lambda now=now: path_of(ends.cloud.own(now)) in store.kept)  # type: ignore[misc]  # no type for a lambda's default
                    seen = len(store.seen)
                    await until(lambda seen=seen: len(store.seen) > seen + 4)  # type: ignore[misc]  # no type for a lambda's default
        assert sum(request.method == "PUT" for request in store.seen) == 2
        assert set(store.kept.values()) == {body_of(LETTER, as_json=False)}
        asked = {request.path for request in store.seen if request.method == "GET"}
        assert asked == {path_of(ends.bot.ours(day).hole) for day in (20_000, 20_001)}

    play(scene())


def test_while_the_ends_are_connected_the_store_is_asked_less_often(ends: Ends, place: Place) -> None:
    async def scene() -> None:
        store, clock = Store(), SetClock()
        async with serving(store) as url:
            shop = place(url + "/{hole}", clock)
            assert isinstance(shop, Patient)
            shop.set_connected(True)
            async with visiting(shop) as visit:
                await until(lambda: visit.ups)
                shop.post(LETTER)  # leaves at once all the same
                await until(lambda: store.kept)
                assert sum(request.method == "GET" for request in store.seen) == 1
                shop.set_connected(False)
                await until(lambda: len(store.seen) > 4)

    play(scene())


def test_every_request_carries_the_headers_of_the_file_and_the_environment(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "headers"
    file.write_text("Authorization: Bearer abc\n", encoding="utf-8")
    monkeypatch.setenv("STORE_HEADERS", "X-Key: 7")

    async def scene() -> None:
        store = Store()
        async with serving(store) as url:
            shop = place(url + "/{hole}", headers_file=file, headers_env="STORE_HEADERS")
            shop.post(LETTER)
            async with visiting(shop) as visit:
                await until(lambda: visit.ups)
        assert {request.method for request in store.seen} == {"GET", "PUT"}
        for request in store.seen:
            assert request.headers["Authorization"] == "Bearer abc"
            assert request.headers["X-Key"] == "7"

    play(scene())


def test_headers_that_are_missing_or_none_are_said_and_not_shown(place: Place, tmp_path: Path) -> None:
    bad = tmp_path / "headers"
    bad.write_text("token secret\n", encoding="utf-8")

    async def scene() -> None:
        gone = await Visit(place("http://127.0.0.1:1/{hole}", headers_file=tmp_path / "gone")).failure()
        assert gone == f"The file {tmp_path / 'gone'} cannot be read: no such file or directory."
        wrong = await Visit(place("http://127.0.0.1:1/{hole}", headers_file=bad)).failure()
        assert wrong.startswith("The headers for HOST cannot be used: line 1 is no header")
        assert "secret" not in wrong
        unset = await Visit(place("http://127.0.0.1:1/{hole}", headers_env="CROWDPAD_NOT_SET")).failure()
        assert unset == "The environment variable CROWDPAD_NOT_SET is not set."

    play(scene())


def test_certificates_and_headers_are_read_off_the_loop(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "headers"
    file.write_text("X-Key: 7\n", encoding="utf-8")
    threads: set[int] = set()

    def watched(truly: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            threads.add(threading.get_ident())
            return truly(*arguments, **named)

        return call

    monkeypatch.setattr(ssl, "create_default_context", watched(ssl.create_default_context))
    monkeypatch.setattr(web_place, "_text", watched(web_place._text))

    async def scene() -> None:
        async with serving(Store()) as url, visiting(place(url + "/{hole}", headers_file=file)) as visit:
            await until(lambda: visit.ups)

    play(scene())
    assert threads
    assert threading.get_ident() not in threads


def test_a_disk_that_hangs_is_said_and_occupies_one_thread_at_most(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_place, "_FILES_S", 0.01)
    free, stuck = threading.Event(), []

    def hang(file: Path) -> str:
        stuck.append(file)
        free.wait(LONGEST_S)
        return ""

    monkeypatch.setattr(web_place, "_text", hang)

    async def scene() -> None:
        shop = place("http://127.0.0.1:1/{hole}", headers_file=tmp_path / "headers")
        for said in ("does not answer.", "still does not answer.", "still does not answer."):
            whole = f"The disk with the certificates and headers for HOST {said}"
            assert await Visit(shop).failure() == whole

    try:
        play(scene())
    finally:
        free.set()
    assert len(stuck) <= 1


# Bad servers.


async def flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(bytes(65_536))
    except ConnectionError:
        return response


def answering(status: int, body: bytes = b"", **headers: str) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=headers)

    return handler


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (answering(500), "HOST answers with HTTP 500."),
        (answering(429), "HOST says that we ask too often (HTTP 429)."),
        (answering(401), "HOST does not let us in (HTTP 401); look at its rules, and at the headers."),
        (answering(302, Location="http://127.0.0.1:1/"), "HOST sends us elsewhere (HTTP 302), and we do not"),
        (
            answering(200, b"<html>Welcome"),
            "HOST has something else where letters lie; look whether it wants",
        ),
        (answering(200, b"\x1f\x8b\x08", **{"Content-Encoding": "gzip"}), "HOST has something else where"),
        (flood, "HOST answers with far more than a letter."),
        (hang_up, "Cannot reach HOST: "),
    ],
    ids=["500", "too often", "not allowed", "redirect", "another page", "packed", "flood", "hangs up"],
)
def test_a_bad_server_costs_little_and_is_told_in_a_sentence(
    place: Place, handler: Handler, said: str
) -> None:
    async def scene() -> None:
        async with serving(handler) as url:
            visit = Visit(place(url + "/{hole}"))
            assert (await visit.failure()).startswith(said)
        assert visit.letters == []
        assert visit.ups == 0

    play(scene())


def test_a_refused_letter_is_said_too(place: Place) -> None:
    async def scene() -> None:
        async with serving(answering(403)) as url:
            shop = place(url + "/{hole}")
            shop.post(LETTER)
            assert "does not let us in (HTTP 403)" in await Visit(shop).failure()

    play(scene())


def test_a_liar_is_counted(place: Place) -> None:
    async def scene() -> None:
        for body, counted in ((b"!", "dropped: no letter"), (bytes(5_000), "dropped: too long")):
            async with serving(answering(200, body)) as url:
                shop = place(url + "/{hole}")
                await Visit(shop).failure()
                assert shop.counters == {counted: 1}

    play(scene())


def test_who_does_not_answer_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_place, "_REQUEST_S", 0.05)

    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(LONGEST_S)
        return web.Response()

    async def scene() -> None:
        async with serving(hang) as url:
            assert await Visit(place(url + "/{hole}")).failure() == "HOST did not answer in time."

    play(scene())


def test_nobody_there_is_said_in_plain_words(place: Place) -> None:
    async def scene() -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))  # and does not listen
            url = f"http://127.0.0.1:{free.getsockname()[1]}/{{hole}}"
            assert await Visit(place(url)).failure() == "Cannot reach HOST: connection refused."

    play(scene())


def test_a_certificate_that_is_not_trusted_ends_it(ends: Ends, place: Place, tls_files: TlsFiles) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls_files.cert, tls_files.key)

    async def scene() -> None:
        store = Store()
        async with serving(store, context) as url:
            said = await Visit(place(url + "/{hole}")).failure()
            assert said.startswith("The certificate of HOST is not trusted: ")
            async with visiting(place(url + "/{hole}", tls_ca=tls_files.cert)) as visit:
                await until(lambda: visit.ups)
        assert {request.path for request in store.seen} == {path_of(ends.bot.own(NOW))}

    play(scene())


def test_certificates_that_are_not_there_are_said(place: Place, tmp_path: Path) -> None:
    async def scene() -> None:
        said = await Visit(place("https://127.0.0.1:1/{hole}", tls_ca=tmp_path / "ca.pem")).failure()
        assert said == f"The certificates in {tmp_path / 'ca.pem'} cannot be read."

    play(scene())


def test_a_letter_that_is_too_long_is_our_own_mistake(place: Place) -> None:
    with pytest.raises(ValueError, match="at most 960 bytes"):
        place("http://127.0.0.1:1/{hole}").post(bytes(MAX_LETTER + 1))


def test_the_name_says_the_host_and_no_more(place: Place) -> None:
    assert place("https://x.example:8443/crowdpad/{hole}?auth=secret").name == "web store x.example:8443"
