"""The page's server answers its own page and nobody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from web.server import MAX_CLIENTS, PageServer, is_own_host, is_same_origin, parse_order

Order = tuple[int, bool]


class World:
    """A server with a snapshot to change and a list of what was pressed."""

    def __init__(self) -> None:
        self.snapshot: dict[str, object] = {"n": 0}
        self.orders: list[Order] = []
        self.server = PageServer(
            "127.0.0.1:0", lambda: self.snapshot, lambda n, cut: self.orders.append((n, cut))
        )

    @property
    def host(self) -> str:
        return self.server.address.removeprefix("http://").rstrip("/")

    def feed(self, **options: Any) -> connect:
        return connect(f"ws://{self.host}/feed", proxy=None, **options)


def with_world(test: Callable[[World], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        world = World()
        await world.server.start()
        try:
            await test(world)
        finally:
            await world.server.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


async def get(world: World, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*world.host.split(":"))
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


async def next_with(socket: ClientConnection, n: int) -> None:
    while json.loads(await socket.recv())["n"] != n:
        pass


def request(path: str, host: str, *more: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *more, "", ""]).encode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/app.js", "text/javascript"),
        ("/mode.js", "text/javascript"),
        ("/pad.js", "text/javascript"),
        ("/panels.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
        ("/?from=obs", "text/html"),
    ],
)
def test_the_page_and_its_parts_are_served_with_their_types(path: str, kind: str) -> None:
    async def test(world: World) -> None:
        head, _, body = (await get(world, request(path, world.host))).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert f"Content-Type: {kind}".encode() in head
        assert b"Content-Security-Policy: default-src 'none'" in head
        assert body

    with_world(test)


@pytest.mark.parametrize(
    "path", ["/../server.py", "/pages/index.html", "/%2e%2e/server.py", "//etc/passwd", "/x"]
)
def test_no_other_path_reaches_a_file(path: str) -> None:
    async def test(world: World) -> None:
        assert (await get(world, request(path, world.host))).startswith(b"HTTP/1.1 404")

    with_world(test)


def test_a_host_name_that_could_be_a_foreign_sites_is_refused() -> None:
    async def test(world: World) -> None:
        assert (await get(world, request("/", "evil.example"))).startswith(b"HTTP/1.1 403")
        assert world.server.counters["forbidden"] == 1

    with_world(test)


def test_a_foreign_page_gets_no_feed_and_cannot_press_the_button() -> None:
    async def test(world: World) -> None:
        for origin in ("http://evil.example", "null", f"http://{world.host}.evil.example"):
            with pytest.raises(InvalidStatus):
                await world.feed(origin=origin)
        assert world.orders == []

    with_world(test)


def test_the_own_page_presses_the_button() -> None:
    async def test(world: World) -> None:
        async with world.feed(origin=f"http://{world.host}") as socket:
            await socket.send('{"relay":2,"cut":true}')
            await socket.send('{"relay":2,"cut":false}')
            await until(lambda: world.orders == [(2, True), (2, False)])

    with_world(test)


def test_a_page_is_told_at_once_and_again_whenever_something_changes() -> None:
    async def test(world: World) -> None:
        async with world.feed() as socket:
            await next_with(socket, 0)
            world.snapshot = {"n": 1}
            await next_with(socket, 1)

    with_world(test)


def test_a_page_hears_something_even_while_nothing_changes() -> None:
    async def test(world: World) -> None:
        async with world.feed() as socket:
            for _ in range(3):
                await next_with(socket, 0)

    with_world(test)


def test_a_page_that_reads_slowly_gets_the_newest_snapshot_and_not_all_of_them() -> None:
    async def test(world: World) -> None:
        heard: list[int] = []
        async with world.feed(max_queue=1) as slow, world.feed() as quick:
            for n in range(1, 61):
                world.snapshot = {"n": n, "much": "x" * 300_000}
                await next_with(quick, n)
            while not heard or heard[-1] != 60:
                heard.append(json.loads(await slow.recv())["n"])
        assert len(heard) < 60

    with_world(test)


def test_nonsense_from_a_page_is_counted_and_dropped() -> None:
    async def test(world: World) -> None:
        async with world.feed() as socket:
            for message in ("", "[]", '{"relay":0,"cut":true}', b"\xff"):
                await socket.send(message)
            await until(lambda: world.server.counters["nonsense"] == 4)
        assert world.orders == []

    with_world(test)


def test_a_message_too_long_for_an_order_ends_its_connection_alone() -> None:
    async def test(world: World) -> None:
        async with world.feed() as other, world.feed() as talkative:
            await talkative.send("x" * 1000)
            with pytest.raises(ConnectionClosed, match="too big"):
                await next_with(talkative, -1)
            await next_with(other, 0)

    with_world(test)


def test_there_are_only_so_many_pages_at_once() -> None:
    async def test(world: World) -> None:
        sockets = [await world.feed() for _ in range(MAX_CLIENTS)]
        for socket in sockets:
            await next_with(socket, 0)
        with pytest.raises(InvalidStatus):
            await world.feed()
        for socket in sockets:
            await socket.close()
        await _eventually(world.feed)

    with_world(test)


def test_bytes_that_are_no_request_leave_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def test(world: World) -> None:
        for junk in (
            b"\x00\xff\r\n\r\n",
            b"POST / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 300,
        ):
            try:
                await get(world, junk)
            except ConnectionError:
                pass  # what it did not read before it closed
        assert (await get(world, request("/", world.host))).startswith(b"HTTP/1.1 200")

    with_world(test)
    assert caplog.text == ""


def test_a_snapshot_that_breaks_is_not_swallowed() -> None:
    async def main() -> None:
        server = PageServer("127.0.0.1:0", lambda: {}[0])  # type: ignore[index]  # on purpose
        await server.start()
        async with connect(f"ws{server.address.removeprefix('http')}feed", proxy=None) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        with pytest.raises(KeyError):
            await server.stop()

    asyncio.run(asyncio.wait_for(main(), 30))


async def _eventually(open_feed: Callable[[], Awaitable[ClientConnection]]) -> None:
    """The server notices a moment later that somebody has left."""
    while True:
        try:
            socket = await open_feed()
        except InvalidStatus:
            await asyncio.sleep(0.01)
        else:
            await socket.close()
            return


@pytest.mark.parametrize(
    ("host", "listening", "own"),
    [
        ("127.0.0.1:8080", "127.0.0.1", True),
        ("localhost:8080", "127.0.0.1", True),
        ("[::1]:8080", "::1", True),
        ("192.168.1.5:8080", "0.0.0.0", True),
        ("tower.lan:8080", "tower.lan", True),
        ("evil.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("[::1", "::1", False),
        ("", "127.0.0.1", False),
    ],
)
def test_which_host_names_are_our_own(host: str, listening: str, own: bool) -> None:
    assert is_own_host(host, listening) is own


def test_an_origin_is_ours_only_with_the_same_host_and_port() -> None:
    assert is_same_origin("http://127.0.0.1:8080", "127.0.0.1:8080")
    assert not is_same_origin("http://127.0.0.1:9090", "127.0.0.1:8080")
    assert not is_same_origin("null", "127.0.0.1:8080")


@settings(max_examples=150)
@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.dictionaries(st.sampled_from(["relay", "cut", "x"]), inner),
        ).map(json.dumps),
    )
)
def test_any_message_is_an_order_or_none(message: str | bytes) -> None:
    order = parse_order(message)
    assert order is None or (order[0] >= 1 and isinstance(order[1], bool))
