"""Real sockets on this machine; each test waits for conditions only."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import pytest

from tunnel.links.datagrams import Datagrams, open_datagrams
from tunnel.nat.stun import Address

HERE = "127.0.0.1"


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


class Box:
    """A socket and what came to it."""

    def __init__(self, host: str = HERE) -> None:
        self.counters: Counter[str] = Counter()
        self.came: list[tuple[bytes, Address]] = []
        self.socket: Datagrams = open_datagrams(host, range(1), self._came, self.counters)
        self.address = (host, self.socket.port)

    def _came(self, data: bytes, source: Address) -> None:
        self.came.append((data, source))


@pytest.fixture(params=["loop", "thread"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to read: with a loop that can watch sockets, and with one that cannot (Windows)."""
    if request.param == "thread":

        def refuse(*_: object) -> NoReturn:
            raise NotImplementedError

        monkeypatch.setattr(asyncio.SelectorEventLoop, "add_reader", refuse)
    return str(request.param)


async def ended(*boxes: Box) -> None:
    for box in boxes:
        box.socket.close()
        box.socket.close()
    await until(lambda: not any(box.socket._thread and box.socket._thread.is_alive() for box in boxes))


def test_what_is_sent_arrives_with_where_it_came_from(reader: str) -> None:
    async def main() -> None:
        one, other = Box(), Box()
        one.socket.send(b"hello", other.address)
        await until(lambda: other.came)
        assert other.came == [(b"hello", one.address)]
        assert (one.socket._thread is not None) == (reader == "thread")
        await ended(one, other)

    run(main())


def test_a_port_where_nobody_listens_ends_nothing(reader: str) -> None:
    async def main() -> None:
        one, other, gone = Box(), Box(), Box()
        await ended(gone)
        for _ in range(3):
            one.socket.send(b"anybody?", gone.address)
            await asyncio.sleep(0)
        other.socket.send(b"still here", one.address)
        await until(lambda: one.came)
        await ended(one, other)

    run(main())


Real = socket.socket


class Broken(socket.socket):
    """A socket whose next reads fail as they do on Windows after an ICMP message."""

    failures = 3

    def recvfrom(self, *args: Any) -> Any:
        if Broken.failures:
            Broken.failures -= 1
            raise ConnectionResetError(10054, "port unreachable")
        return super().recvfrom(*args)

    def dup(self) -> Broken:
        return Broken(self.family, self.type, self.proto, socket.dup(self.fileno()))


def test_a_read_that_fails_is_counted_and_reading_goes_on(
    reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tunnel.links.datagrams.socket.socket", Broken)
    monkeypatch.setattr(Broken, "failures", 3)

    async def main() -> None:
        one = Box()
        with Real(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"after all", one.address)
        await until(lambda: one.came)
        assert one.counters["receive_failed"] == 3
        await ended(one)

    run(main())


@pytest.mark.parametrize("to", [("203.0.113.1", 0), ("255.255.255.255", 9), ("2001:db8::1", 9)])
def test_what_cannot_leave_is_counted(to: Address) -> None:
    async def main() -> None:
        one = Box()
        one.socket.send(b"x", to)
        assert one.counters["send_failed"] == 1
        await ended(one)

    run(main())


def test_a_busy_port_is_passed_over_and_if_all_are_busy_that_is_said() -> None:
    async def main() -> None:
        one = Box()
        port = one.socket.port
        with pytest.raises(OSError, match=r"in use|normally permitted"):
            open_datagrams(HERE, range(port, port + 1), one._came, one.counters)
        with pytest.raises(OSError, match="no port"):
            open_datagrams(HERE, range(0), one._came, one.counters)
        await ended(one)

    run(main())


def test_a_flood_leaves_the_loop_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        one, other = Box(), Box()
        for _ in range(200):
            other.socket.send(b"x", one.address)
        one.socket._readable()
        assert len(one.came) <= 64
        await ended(one, other)

    run(main())


def test_ipv6_addresses_come_without_their_scope() -> None:
    async def main() -> None:
        try:
            one, other = Box("::1"), Box("::1")
        except OSError:
            pytest.skip("no IPv6 here")
        one.socket.send(b"six", other.address)
        await until(lambda: other.came)
        assert other.came == [(b"six", ("::1", one.socket.port))]
        await ended(one, other)

    run(main())
