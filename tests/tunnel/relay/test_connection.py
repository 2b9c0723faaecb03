from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidMessage

from tunnel.nat.stun import Kind, Message, build, parse
from tunnel.relay import connection
from tunnel.relay.settings import TlsFiles

if TYPE_CHECKING:
    from tests.tunnel.relay.conftest import World

FLOOD = 300
ASK = build(Message(kind=Kind.REQUEST, transaction=b"twelve bytes"))


async def silent(port: int) -> asyncio.StreamWriter:
    """A TCP connection that says nothing."""
    return (await asyncio.open_connection("127.0.0.1", port))[1]


def test_members_talk_over_tls(world: World, tls_files: TlsFiles, trusting: ssl.SSLContext) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            bot = await world.log_in(server, context=trusting)
            receiver = await world.log_in(server, context=trusting)
            await bot.send(bytes(1_200))
            assert await receiver.recv() == bytes(1_200)

    world.run(main())


@pytest.mark.parametrize("secure", [False, True])
def test_connections_that_never_log_in_fill_the_waiting_places_and_no_others(
    world: World, tls_files: TlsFiles, secure: bool, request: pytest.FixtureRequest
) -> None:
    context = request.getfixturevalue("trusting") if secure else None

    async def main() -> None:
        tls = tls_files if secure else None
        async with world.relay(tls=tls, waiting=20, waiting_per_address=20) as server:
            bot = await world.log_in(server, context=context)
            receiver = await world.log_in(server, context=context)
            flood = [await silent(server.port) for _ in range(FLOOD)]
            await world.until(lambda: world.counts(server, "turned_away").get("waiting") == FLOOD - 20)
            assert server.snapshot()["waiting"] == 20
            await bot.send(b"press")
            assert await receiver.recv() == b"press"
            for writer in flood:
                writer.transport.abort()
            await world.until(lambda: server.snapshot()["connections"] == 2)
            await world.log_in(server, context=context)

    world.run(main())


def test_one_address_is_turned_away_before_all_places_are_taken(world: World) -> None:
    async def main() -> None:
        async with world.relay(waiting_per_address=1) as server:
            writer = await silent(server.port)
            await world.until(lambda: server.snapshot()["waiting"] == 1)
            with pytest.raises((InvalidMessage, OSError)):
                await world.open(server)
            assert world.counts(server, "turned_away") == {"waiting_per_address": 1}
            writer.transport.abort()

    world.run(main())


def test_a_client_that_speaks_no_tls_leaves_nothing_behind(world: World, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            writer = await silent(server.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * 20)
            await world.until(lambda: server.snapshot()["connections"] == 1)
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert server.snapshot()["waiting"] == 0
            writer.transport.abort()

    world.run(main())


def test_stopping_ends_what_is_still_in_its_tls_handshake(world: World, tls_files: TlsFiles) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            writer = await silent(server.port)
            await world.until(lambda: server.snapshot()["waiting"] == 1)
            await server.stop()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            writer.transport.abort()

    world.run(main())


def test_bytes_that_are_no_http_get_no_answer_and_are_forgotten(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(bytes(range(256)) * 400)
            assert await reader.read() == b""
            writer.transport.abort()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            await world.log_in(server)

    world.run(main())


async def answer(reader: asyncio.StreamReader) -> Message:
    header = await reader.readexactly(20)
    return parse(header + await reader.readexactly(int.from_bytes(header[2:4], "big")))


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("piece", [1, 10, 1_000])
def test_stun_is_answered_plainly_where_members_come_in(
    world: World, tls_files: TlsFiles, secure: bool, piece: int, request: pytest.FixtureRequest
) -> None:
    context = request.getfixturevalue("trusting") if secure else None

    async def main() -> None:
        async with world.relay(tls=tls_files if secure else None) as server:
            bot = await world.log_in(server, context=context)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for question in (ASK, ASK * 2):  # one, and two that come together
                for at in range(0, len(question), piece):
                    writer.write(question[at : at + piece])
                    await asyncio.sleep(0)  # a packet of its own, mostly
            told = [await answer(reader) for _ in range(3)]
            assert [one.xor_mapped for one in told] == [writer.get_extra_info("sockname")] * 3
            assert world.counts(server, "stun_tcp") == {"answered": 3}
            assert server.snapshot()["waiting"] == 1  # it counts at the door
            writer.close()
            await world.until(lambda: server.snapshot()["waiting"] == 0)
            receiver = await world.log_in(server, context=context)
            await bot.send(b"press")
            assert await receiver.recv() == b"press"

    world.run(main())


def test_who_has_sent_a_question_and_an_end_gets_the_answer_and_an_end(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(ASK)
            writer.write_eof()
            assert parse(await reader.read()).xor_mapped == writer.get_extra_info("sockname")
            writer.close()

    world.run(main())


@pytest.mark.parametrize("sent", [ASK * 20, ASK + b"\x01" * 5_000, b"\x00" * 300_000])
def test_who_asks_for_ever_or_nonsense_is_seen_off(world: World, sent: bytes) -> None:
    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(sent)
            try:
                assert len(await reader.read()) <= 8 * 60
            except ConnectionError:
                pass  # it was closed with some of that unread
            await world.until(lambda: server.snapshot()["connections"] == 0)
            writer.transport.abort()
            await world.log_in(server)

    world.run(main())


@pytest.mark.parametrize("sent", [b"", ASK[:1], ASK[:-1]])
def test_who_says_nothing_or_half_a_question_is_seen_off(
    world: World, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_FIRST_BYTES_S", 0.05)
    monkeypatch.setattr(connection, "_STUN_S", 0.05)

    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(sent)
            try:
                assert await reader.read() == b""
            except ConnectionError:
                pass  # cut off
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert world.counts(server, "stun_tcp") == ({"too_slow": 1} if sent else {})
            writer.transport.abort()

    world.run(main())


def test_stopping_ends_who_is_still_asking(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(ASK)
            await answer(reader)
            await server.stop()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            writer.transport.abort()

    world.run(main())


def test_the_first_bytes_of_tls_may_come_in_any_pieces(
    world: World, tls_files: TlsFiles, trusting: ssl.SSLContext
) -> None:
    async def main() -> None:
        async with world.relay(tls=tls_files) as server:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = trusting.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    for byte in outgoing.read():
                        writer.write(bytes([byte]))
                        await asyncio.sleep(0)
                    incoming.write(await reader.read(65_536))
            client.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")  # together with the handshake's end
            writer.write(outgoing.read())
            page = b""
            while not page.endswith(b"ok\n"):
                incoming.write(await reader.read(65_536))
                with contextlib.suppress(ssl.SSLWantReadError):
                    page += client.read(65_536)
            assert page.startswith(b"HTTP/1.1 200 OK")
            writer.transport.abort()

    world.run(main())
