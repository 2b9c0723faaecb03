"""Asking servers over TCP: small ones of the test's own, the relay's, and coturn where it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import pytest

from tunnel.links.tcp.port import TcpPorts, open_ports
from tunnel.links.tcp.stun import StunOverTcp
from tunnel.nat import stun
from tunnel.nat.stun import Address, Message
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_caller import StunCaller

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  the conditions belong to sockets, and set no event
        await asyncio.sleep(0.005)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 30))


def question() -> bytes:
    return stun.build(Message(kind=stun.Kind.REQUEST, transaction=os.urandom(12)), length=100)


class Asker:
    """Our side, and what it was told."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.told: list[tuple[Message, Address]] = []
        self.ports: TcpPorts = open_ports(["127.0.0.1"], None, self.counters)
        self.stun = StunOverTcp(self.ports, lambda *said: self.told.append(said), self.counters)

    @property
    def seen(self) -> list[Address | None]:
        return [message.xor_mapped for message, _ in self.told]

    @property
    def own(self) -> Address:
        return "127.0.0.1", self.ports.numbers[False]


@contextlib.asynccontextmanager
async def asking() -> AsyncIterator[Asker]:
    asker = Asker()
    try:
        yield asker
    finally:
        asker.stun.close()
        asker.ports.close()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[Address]:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await talk(reader, writer)

    served = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield served.sockets[0].getsockname()
    finally:
        served.close()
        for writer in writers:
            writer.close()


async def honest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a relay says, one byte after the other."""
    caller = StunCaller(StunAnswerer(), *writer.get_extra_info("peername")[:2])
    with contextlib.suppress(OSError):
        while data := await reader.read(7):
            for byte in caller.receive(data, 0):
                writer.write(bytes([byte]))


def test_two_servers_see_the_port_that_listens() -> None:
    async def main() -> None:
        async with server(honest) as one, server(honest) as other, asking() as asker:
            for address in (one, other):
                asker.stun.ask(address, question())
            await until(lambda: len(asker.told) == 2)
            assert asker.seen == [asker.own, asker.own]
            assert {source for _, source in asker.told} == {one, other}
            assert len(asker.stun) == 2  # they stay open

    run(main())


def test_a_repeated_question_is_not_sent_again_and_another_one_goes_the_same_way() -> None:
    connections = 0

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await honest(reader, writer)

    async def main() -> None:
        async with server(counting) as address, asking() as asker:
            first, second = question(), question()
            for request in (first, first, first):
                asker.stun.ask(address, request)
                await asyncio.sleep(0)
            await until(lambda: len(asker.told) == 1)
            asker.stun.ask(address, first)
            asker.stun.ask(address, second)
            await until(lambda: len(asker.told) == 2)
            assert [message.transaction for message, _ in asker.told] == [first[8:20], second[8:20]]
        assert connections == 1

    run(main())


def test_a_server_that_hung_up_can_be_asked_again() -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = StunCaller(StunAnswerer(), *writer.get_extra_info("peername")[:2])
        writer.write(caller.receive(await reader.read(100), 0))
        writer.close()

    async def main() -> None:
        async with server(short) as address, asking() as asker:
            for round in (1, 2, 3):
                asker.stun.ask(address, question())
                await until(lambda: len(asker.told) == round)  # noqa: B023  it is awaited here
                await until(lambda: not len(asker.stun))
            assert asker.seen == [asker.own] * 3

    run(main())


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x46" * 5])
def test_what_is_no_answer_ends_the_connection(said: bytes) -> None:
    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()

    async def main() -> None:
        async with server(other) as address, asking() as asker:
            asker.stun.ask(address, question())
            await until(lambda: asker.counters["stun: nonsense"])
            await until(lambda: not len(asker.stun))
            assert asker.told == []

    run(main())


def test_nobody_there_is_counted_and_can_be_asked_again() -> None:
    async def main() -> None:
        async with asking() as asker:
            for round in (1, 2):
                asker.stun.ask(("127.0.0.1", 9), question())
                await until(lambda: asker.counters["stun: no connection"] == round)  # noqa: B023
                await until(lambda: not len(asker.stun))
            asker.stun.ask(("::1", 9), question())  # there is no such port of ours
            await until(lambda: asker.counters["stun: no connection"] == 3)

    run(main())


def test_a_connection_that_is_reset_as_it_is_made_can_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        create = loop.create_connection

        async def reset(*_: object, **__: object) -> None:
            raise OSError(errno.EINVAL, "invalid argument")

        async with server(honest) as address, asking() as asker:
            monkeypatch.setattr(loop, "create_connection", reset)
            asker.stun.ask(address, question())
            await until(lambda: asker.counters["stun: no connection"])
            assert len(asker.stun) == 0
            monkeypatch.setattr(loop, "create_connection", create)
            asker.stun.ask(address, question())
            await until(lambda: asker.told)

    run(main())


def test_closing_ends_what_is_under_way_and_what_stays_open() -> None:
    ended = asyncio.Event()

    async def waiting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        ended.set()

    async def main() -> None:
        async with server(waiting) as address, asking() as asker:
            asker.stun.ask(address, question())
            await until(lambda: asker.stun._conversations[address]._transport)
            asker.stun.close()
            await ended.wait()
            asker.stun.ask(address, question())
            asker.stun.close()
            assert len(asker.stun) == 0

    run(main())


def test_coturn_says_the_same() -> None:
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("the Debian package coturn has the server turnserver, and is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def main() -> None:
        coturn = await asyncio.create_subprocess_exec(
            program, "-n", "--listening-ip=127.0.0.1", f"--listening-port={port}", "--stun-only",
            "--no-tls", "--no-dtls", "--no-cli", "--log-file=stdout", "--pidfile=/dev/null",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asking() as asker:
                while not asker.told:
                    asker.stun.ask(("127.0.0.1", port), question())
                    await asyncio.sleep(0.05)
                assert asker.seen[0] == asker.own
        finally:
            coturn.kill()
            await coturn.wait()

    run(main())
