"""Connections that wait for their proof: known by number, told of once."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tunnel.links.tcp.lobby import Lobby
from tunnel.links.tcp.punched import PunchedConnection
from tunnel.nat.tcp.proof import Asked, Passwords

CLIENT = Passwords(own=b"c" * 16, other=b"s" * 16)
SERVER = Passwords(own=CLIENT.other, other=CLIENT.own)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.001)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class Room:
    """A lobby and what it told."""

    def __init__(self, *, asks: bool) -> None:
        self.passwords: Passwords | None = CLIENT if asks else SERVER
        self.proved: dict[int, PunchedConnection] = {}
        self.gone: list[int] = []
        self.lobby = Lobby(
            asks=asks, on_proved=self.proved.__setitem__, on_gone=self.gone.append, asked=Asked()
        )

    async def enter(self, sock: socket.socket) -> int:
        sock.setblocking(False)
        id = await self.lobby.enter(sock, ("192.0.2.1", 80), lambda: self.passwords)
        assert id is not None
        return id


def test_who_is_proved_leaves_the_lobby() -> None:
    async def main() -> None:
        one, other = Room(asks=True), Room(asks=False)
        left, right = socket.socketpair()
        ids = await one.enter(left), await other.enter(right)
        assert len(one.lobby) == len(other.lobby) == 1
        one.lobby.begin(ids[0])
        await until(lambda: one.proved and other.proved)
        assert len(one.lobby) == len(other.lobby) == 0
        one.proved[ids[0]].abort()
        await other.proved[ids[1]].wait_closed()
        assert one.gone == other.gone == []  # that is no longer the lobby's business

    run(main())


@pytest.mark.parametrize("how", ["dropped", "cleared", "the other side went"])
def test_who_goes_is_told_of_once(how: str) -> None:
    async def main() -> None:
        room = Room(asks=False)
        left, right = socket.socketpair()
        id = await room.enter(left)
        if how == "dropped":
            room.lobby.drop(id)
            room.lobby.drop(id)
        elif how == "cleared":
            room.lobby.clear()
        else:
            right.close()
        await until(lambda: room.gone)
        room.lobby.drop(id)
        room.lobby.begin(id)
        await asyncio.sleep(0)
        assert room.gone == [id]
        assert len(room.lobby) == 0
        right.close()

    run(main())


def test_those_that_wait_for_an_offer_look_again() -> None:
    async def main() -> None:
        one, other = Room(asks=True), Room(asks=False)
        other.passwords = None
        left, right = socket.socketpair()
        id = await one.enter(left)
        waits = await other.enter(right)
        one.lobby.begin(id)
        connection = other.lobby._waiting[waits]
        await until(lambda: connection._request)  # type: ignore[attr-defined]  # the server's
        other.passwords = SERVER
        other.lobby.look_again()
        await until(lambda: one.proved and other.proved)
        one.proved[id].abort()
        await other.proved[waits].wait_closed()

    run(main())


def test_who_is_interrupted_while_entering_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        room = Room(asks=False)
        left, right = socket.socketpair()

        async def never(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
        entering = asyncio.create_task(room.enter(left))
        await asyncio.sleep(0)
        entering.cancel()
        await asyncio.wait([entering])
        assert len(room.lobby) == 0
        assert left.fileno() == -1
        right.close()

    run(main())


def test_who_was_reset_on_the_way_in_leaves_nothing_and_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        room = Room(asks=False)
        left, right = socket.socketpair()

        async def reset(*_: object, **__: object) -> None:
            raise OSError(errno.EINVAL, "invalid argument")

        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", reset)
        assert await room.lobby.enter(left, ("192.0.2.1", 80), lambda: room.passwords) is None
        assert len(room.lobby) == 0
        assert left.fileno() == -1
        right.close()

    run(main())
