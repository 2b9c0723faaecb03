"""The upgrade on a raw connection: between the two ends, and with all kinds of strangers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.utils import accept_key

from tunnel.links.tcp.punched import PunchedConnection, make
from tunnel.nat.stun import Address
from tunnel.nat.tcp import proof as tcp_proof
from tunnel.nat.tcp.proof import Asked, Passwords

CLIENT = Passwords(own=b"c" * 16, other=b"s" * 16)
SERVER = Passwords(own=CLIENT.other, other=CLIENT.own)
WHERE: Address = ("192.0.2.1", 80)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.001)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class Side:
    """One connection and what became of it."""

    def __init__(self, *, asks: bool, passwords: Passwords | None, asked: Asked | None = None) -> None:
        self.passwords = passwords
        self.proved = 0
        self.lost = 0
        self.got: list[bytes] = []
        self.connection = make(
            asks=asks, asked=asked or Asked(), address=WHERE, passwords=lambda: self.passwords,
            on_proved=self._proved, on_lost=self._lost,
        )  # fmt: skip

    def _proved(self, connection: PunchedConnection) -> None:
        self.proved += 1
        connection.on_datagram = self.got.append

    def _lost(self, connection: PunchedConnection) -> None:
        self.lost += 1

    async def take(self, sock: socket.socket) -> Side:
        sock.setblocking(False)
        await asyncio.get_running_loop().create_connection(lambda: self.connection, sock=sock)
        return self


class Stranger:
    """A raw socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock

    async def say(self, data: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self.sock, data)
        except OSError:
            pass  # it hangs up before all is said

    async def hears(self) -> bytes:
        """Everything until the end."""
        heard = b""
        while True:
            try:
                data = await asyncio.get_running_loop().sock_recv(self.sock, 4_096)
            except OSError:
                return heard
            if not data:
                return heard
            heard += data

    async def hears_head(self) -> bytes:
        heard = b""
        while not heard.endswith(b"\r\n\r\n"):
            heard += await asyncio.get_running_loop().sock_recv(self.sock, 1)
        return heard


async def two(client: Passwords | None = CLIENT, server: Passwords | None = SERVER) -> tuple[Side, Side]:
    left, right = socket.socketpair()
    one, other = Side(asks=True, passwords=client), Side(asks=False, passwords=server)
    await one.take(left)
    await other.take(right)
    return one, other


async def facing(side: Side) -> Stranger:
    left, right = socket.socketpair()
    await side.take(left)
    return Stranger(right)


def request(proof: str | None, *, key: str = "dGhlIHNhbXBsZSBub25jZQ==", more: str = "") -> bytes:
    said = "" if proof is None else f"{tcp_proof.HEADER}: {proof}\r\n"
    return (
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{said}{more}\r\n"
    ).encode()


KEY = "dGhlIHNhbXBsZSBub25jZQ=="
RIGHT = tcp_proof.ask(CLIENT, KEY)


def test_two_ends_prove_themselves_and_talk() -> None:
    async def main() -> None:
        one, other = await two()
        one.connection.begin()
        await until(lambda: one.proved and other.proved)
        await one.connection.send(b"\x13" * 1_200)
        await other.connection.send(b"\x14")
        await until(lambda: one.got and other.got)
        assert (one.got, other.got) == ([b"\x14"], [b"\x13" * 1_200])
        await one.connection.close()
        await until(lambda: one.lost and other.lost)
        assert (one.proved, other.proved, one.lost, other.lost) == (1, 1, 1, 1)

    run(main())


def test_nothing_is_said_before_the_turn() -> None:
    async def main() -> None:
        side = Side(asks=True, passwords=CLIENT)
        stranger = await facing(side)
        await stranger.say(b"")
        side.connection.abort()
        assert await stranger.hears() == b""
        await until(lambda: side.lost)
        stranger.sock.close()

    run(main())


@pytest.mark.parametrize(
    ("client", "server"),
    [(Passwords(b"c" * 16, b"x" * 16), SERVER), (CLIENT, Passwords(b"s" * 16, b"x" * 16))],
    ids=["the client does not know the server", "the server does not know the client"],
)
def test_a_wrong_password_ends_it(client: Passwords, server: Passwords) -> None:
    async def main() -> None:
        one, other = await two(client, server)
        one.connection.begin()
        await until(lambda: one.lost and other.lost)
        assert one.proved == 0
        assert one.got == other.got == []

    run(main())


def test_two_that_both_ask_or_both_wait_get_nowhere() -> None:
    async def main() -> None:
        left, right = socket.socketpair()
        one, other = Side(asks=True, passwords=CLIENT), Side(asks=True, passwords=SERVER)
        await one.take(left)
        await other.take(right)
        one.connection.begin()
        other.connection.begin()
        await until(lambda: one.lost and other.lost)
        assert one.proved == other.proved == 0

    run(main())


def test_the_server_waits_for_an_offer_that_is_under_way() -> None:
    async def main() -> None:
        one, other = await two(server=None)
        one.connection.begin()
        await until(lambda: other.connection._request)  # type: ignore[attr-defined]  # the server's
        other.connection.look_again()
        assert (one.proved, other.proved, other.lost) == (0, 0, 0)
        other.passwords = SERVER
        other.connection.look_again()
        await until(lambda: one.proved and other.proved)
        other.connection.look_again()
        assert other.proved == 1
        one.connection.abort()
        await until(lambda: other.lost)

    run(main())


@pytest.mark.parametrize(
    "said",
    [
        request(None),
        request("00" * 32),
        request(RIGHT, key="AAAAAAAAAAAAAAAAAAAAAA=="),
        request(RIGHT, more=f"{tcp_proof.HEADER}: {RIGHT}\r\n"),
        request(RIGHT).replace(b"GET", b"POST"),
        request(RIGHT).replace(b"websocket\r", b"h2c\r"),
        request(RIGHT) + b"\x81\x85",
        request(RIGHT, more="x" * 3_000),
        request(RIGHT, more="a: " + "x" * 3_000 + "\r\n"),
        request(RIGHT, more="a:b\r\n" * 200),
        b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\xff" * 4_096,
        request("\x80").decode("latin-1").encode("utf-8"),
    ],
)
def test_whoever_asks_wrongly_hears_nothing(said: bytes) -> None:
    async def main() -> None:
        side = Side(asks=False, passwords=SERVER)
        stranger = await facing(side)
        await stranger.say(said)
        assert await stranger.hears() == b""
        await until(lambda: side.lost)
        assert side.proved == 0
        stranger.sock.close()

    run(main())


def test_a_recorded_request_is_worth_nothing_on_another_connection() -> None:
    async def main() -> None:
        asked = Asked()
        first, second = [Side(asks=False, passwords=SERVER, asked=asked) for _ in range(2)]
        stranger = await facing(first)
        await stranger.say(request(RIGHT))
        assert (await stranger.hears_head()).startswith(b"HTTP/1.1 101 ")
        again = await facing(second)
        await again.say(request(RIGHT))
        assert await again.hears() == b""
        assert (first.proved, second.proved) == (1, 0)
        for one in (stranger, again):
            one.sock.close()
        await until(lambda: first.lost and second.lost)

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
        b"x" * 4_000,
    ],
)
def test_a_server_without_proof_gets_no_datagram(answer: bytes) -> None:
    async def main() -> None:
        side = Side(asks=True, passwords=CLIENT)
        stranger = await facing(side)
        side.connection.begin()
        assert b"GET / HTTP/1.1\r\n" in await stranger.hears_head()
        await stranger.say(answer)
        await until(lambda: side.lost)
        assert (side.proved, side.got) == (0, [])
        stranger.sock.close()

    run(main())


def test_a_server_that_sends_back_what_it_was_sent_proves_nothing() -> None:
    async def main() -> None:
        side = Side(asks=True, passwords=CLIENT)
        stranger = await facing(side)
        side.connection.begin()
        head = await stranger.hears_head()
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        answer = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept_key(lines['Sec-WebSocket-Key'])}\r\n"
            f"{tcp_proof.HEADER}: {lines[tcp_proof.HEADER]}\r\n\r\n"
        )
        await stranger.say(answer.encode())
        await until(lambda: side.lost)
        assert side.proved == 0
        stranger.sock.close()

    run(main())


def test_one_that_is_aborted_before_it_begins_ends_at_once() -> None:
    async def main() -> None:
        side = Side(asks=False, passwords=SERVER)
        side.connection.abort()
        stranger = await facing(side)
        assert await stranger.hears() == b""
        await until(lambda: side.lost)
        stranger.sock.close()

    run(main())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=6), st.booleans())
def test_any_bytes_prove_nothing_and_raise_nothing(pieces: list[bytes], asks: bool) -> None:
    async def main() -> None:
        side = Side(asks=asks, passwords=CLIENT if asks else SERVER)
        stranger = await facing(side)
        if asks:
            side.connection.begin()
        for piece in pieces:
            await stranger.say(piece)
        stranger.sock.close()
        await until(lambda: side.lost)
        assert side.proved == 0

    run(main())
