"""A proved connection that carries: both ways, under pressure, to its end."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.connection import broadcast

from tunnel.links.sender import PARKED
from tunnel.links.tcp.carrier import Carrier
from tunnel.links.tcp.lobby import Lobby
from tunnel.links.tcp.punched import PunchedConnection
from tunnel.nat.tcp.proof import Asked, Passwords
from tunnel.wallclock import WallClock

CLIENT = Passwords(own=b"c" * 16, other=b"s" * 16)
SERVER = Passwords(own=CLIENT.other, other=CLIENT.own)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.001)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class End:
    """One carrier, and what came."""

    def __init__(self, connection: PunchedConnection) -> None:
        self.connection = connection
        self.counters: Counter[str] = Counter()
        self.got: list[bytes] = []
        self.carrier = Carrier(connection, self.got.append, self.counters, WallClock())
        self.task = asyncio.create_task(self.carrier.run())


def _same(passwords: Passwords) -> Passwords:
    return passwords


async def joined() -> tuple[End, End]:
    proved: list[PunchedConnection] = []
    lobbies = [
        Lobby(asks=asks, on_proved=lambda _, one: proved.append(one), on_gone=lambda _: None, asked=Asked())
        for asks in (True, False)
    ]
    ids = []
    for lobby, sock, passwords in zip(lobbies, socket.socketpair(), (CLIENT, SERVER), strict=True):
        sock.setblocking(False)
        ids.append(await lobby.enter(sock, ("192.0.2.1", 80), partial(_same, passwords)))
    lobbies[0].begin(ids[0] or 0)
    await until(lambda: len(proved) == 2)
    return End(proved[1]), End(proved[0])  # the server is the first to believe


def test_datagrams_of_every_size_go_both_ways() -> None:
    async def main() -> None:
        one, other = await joined()
        sent = [bytes([16 + size % 200]) * size for size in (1, 125, 126, 1_199, 1_200)]
        for datagram in sent:
            one.carrier.send(datagram)
            other.carrier.send(datagram)
        await until(lambda: len(one.got) == len(other.got) == len(sent))
        assert one.got == other.got == sent
        assert one.carrier.address == ("192.0.2.1", 80)
        await one.carrier.leave()
        assert await other.task == "The other end has closed the direct connection."
        await one.task

    run(main())


def test_who_does_not_read_loses_the_oldest_and_makes_nothing_grow() -> None:
    async def main() -> None:
        one, other = await joined()
        other.connection.transport.pause_reading()
        for number in range(3_000):
            one.carrier.send(number.to_bytes(2, "big") * 600)
        assert one.counters["dropped_queue"] > 100
        waiting = one.connection.transport.get_write_buffer_size()
        assert waiting < 65_536 + 2_000
        other.connection.transport.resume_reading()
        await until(lambda: other.got and other.got[-1][:2] == (2_999).to_bytes(2, "big"))
        assert len(other.got) == 3_000 - one.counters["dropped_queue"]
        assert one.counters["dropped_queue"] < 3_000 - PARKED
        one.carrier.abort()
        assert await other.task == "The direct connection broke."
        await one.task

    run(main())


def test_one_that_takes_nothing_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.links.tcp.carrier._LOOK_S", 0.01)
    monkeypatch.setattr("tunnel.links.tcp.carrier._STALLED_MS", 50.0)

    async def main() -> None:
        one, other = await joined()
        other.connection.transport.pause_reading()
        for _ in range(3_000):
            one.carrier.send(bytes(1_200))
        assert await one.task == "The direct connection broke."
        assert one.counters["stalled"] == 1
        other.carrier.abort()
        await other.task

    run(main())


def test_text_is_no_datagram() -> None:
    async def main() -> None:
        one, other = await joined()
        broadcast((one.connection,), "hello")
        assert await other.task == "The other end sends what is no datagram."
        one.carrier.abort()
        other.carrier.abort()
        await one.task

    run(main())


def test_what_comes_in_fragments_is_whole_again_and_what_is_too_long_ends_it() -> None:
    async def main() -> None:
        one, other = await joined()
        await one.connection.send([b"\x13ab", b"cd"])
        await until(lambda: other.got)
        assert other.got == [b"\x13abcd"]
        broadcast((one.connection,), bytes(1_201))
        assert await other.task == "The direct connection broke."
        await one.task

    run(main())


def test_a_flood_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunnel.links.tcp.carrier._MOST_PER_SECOND", 10)

    async def main() -> None:
        one, other = await joined()
        for _ in range(30):
            one.carrier.send(b"\x13")
        await until(lambda: len(other.got) + other.counters["dropped_flood"] == 30)
        assert len(other.got) <= 20
        one.carrier.abort()
        await asyncio.wait([one.task, other.task])

    run(main())
