from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tunnel.identity import Identity
from tunnel.relay.login import Challenge, rooms_to_json
from tunnel.relay.server import RelayServer

if TYPE_CHECKING:
    from tests.tunnel.relay.conftest import World

ME = Identity(b"\x01" * 32)
OTHER_ROOM = b"\xff" * 16


async def verdict(connection: ClientConnection) -> tuple[list[str], int | None]:
    """What the relay says from now on, and the code it closes with."""
    said = []
    try:
        while True:
            said.append(str(await connection.recv()))
    except ConnectionClosed as error:
        return said, error.rcvd.code if error.rcvd else None


def test_members_of_a_room_hear_each_other_and_nobody_hears_himself(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            await bot.send(b"press")
            assert await receiver.recv() == b"press"
            await receiver.send(b"done")
            assert await bot.recv() == b"done"

    world.run(main())


def test_rooms_are_apart(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, stranger = await world.log_in(server), await world.log_in(server, None, OTHER_ROOM)
            await bot.send(b"press")
            await world.until(lambda: world.counts(server, "dropped").get("alone") == 1)
            await stranger.send(b"anybody?")
            await world.until(lambda: world.counts(server, "dropped").get("alone") == 2)
            assert server.snapshot()["messages_out"] == 0

    world.run(main())


def test_a_listed_address_is_welcome(world: World) -> None:
    async def main() -> None:
        async with world.relay(allow=frozenset({ME.public.address})) as server:
            await world.log_in(server, ME)
            assert world.counts(server, "logins") == {"ok": 1}

    world.run(main())


def test_an_address_that_is_not_listed_is_refused(world: World) -> None:
    async def main() -> None:
        async with world.relay(allow=frozenset({ME.public.address})) as server:
            connection = await world.open(server)
            challenge = Challenge.parse(str(await connection.recv()))
            await connection.send(world.answer(challenge, Identity.create()))
            said, code = await verdict(connection)
            assert "not on the relay's list" in json.loads(said[0])["refused"]
            assert (len(said), code) == (1, 4003)

    world.run(main())


def test_the_key_of_another_opens_nothing(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            connection = await world.open(server)
            challenge = Challenge.parse(str(await connection.recv()))
            signed = json.loads(world.answer(challenge, Identity.create()))
            await connection.send(json.dumps(signed | {"address": ME.public.address}))
            assert (await verdict(connection))[1] == 4001

    world.run(main())


def test_a_login_that_was_good_on_another_connection_opens_nothing(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            first, second = await world.open(server), await world.open(server)
            text = world.answer(Challenge.parse(str(await first.recv())), ME)
            await first.send(text)
            assert "welcome" in json.loads(await first.recv())
            await second.recv()
            await second.send(text)
            assert (await verdict(second))[1] == 4001
            assert world.counts(server, "logins") == {"ok": 1, "bad_login": 1}

    world.run(main())


def test_a_nonce_is_never_given_twice(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            opened = [await world.open(server) for _ in range(5)]
            assert len({json.loads(await c.recv())["nonce"] for c in opened}) == 5

    world.run(main())


def test_a_login_that_does_not_come_is_not_waited_for(world: World) -> None:
    async def main() -> None:
        async with world.relay(login_ms=20) as server:
            connection = await world.open(server)
            await connection.recv()
            assert await verdict(connection) == ([], 4008)
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert world.counts(server, "logins") == {"too_slow": 1}

    world.run(main())


def test_a_datagram_longer_than_any_ends_the_connection(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            await bot.send(bytes(1_200))
            assert await receiver.recv() == bytes(1_200)
            await bot.send(bytes(1_201))
            assert await verdict(bot) == ([], 1009)
            await world.until(lambda: world.counts(server, "closed") == {"oversize": 1})

    world.run(main())


def test_a_datagram_in_fragments_is_still_one_datagram(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            await bot.send([b"pre", b"ss"])
            assert await receiver.recv() == b"press"

    world.run(main())


def test_a_datagram_sent_together_with_the_login_is_forwarded(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            receiver, bot = await world.log_in(server), await world.open(server)
            challenge = Challenge.parse(str(await bot.recv()))
            await bot.send(world.answer(challenge, ME))
            await bot.send(b"press")
            assert await receiver.recv() == b"press"

    world.run(main())


@pytest.mark.parametrize("text", ["hello", "{}", '{"rooms": []}', '{"rooms": ["x"]}'])
def test_a_text_that_asks_for_no_rooms_ends_the_connection(world: World, text: str) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot = await world.log_in(server)
            await bot.send(text)
            assert await verdict(bot) == ([], 4002)
            assert world.counts(server, "closed") == {"nonsense": 1}
            assert server.snapshot()["members"] == 0

    world.run(main())


def test_a_member_moves_to_the_rooms_it_asks_for(world: World) -> None:
    async def main() -> None:
        async with world.relay() as server:
            bot, receiver = await world.log_in(server), await world.log_in(server, None, OTHER_ROOM)
            await bot.send(rooms_to_json([OTHER_ROOM]))
            await bot.send(b"press")
            # A change of rooms is a text and takes the slow way; what is sent right behind it may be ahead.
            await world.until(lambda: server.snapshot()["rooms"] == 1)
            await bot.send(b"again")
            assert await receiver.recv() in (b"press", b"again")

    world.run(main())


def test_a_newer_login_takes_the_place_of_one_that_hangs(world: World) -> None:
    async def main() -> None:
        async with world.relay(members_per_room=1) as server:
            hanging = await world.log_in(server, ME)
            await world.log_in(server, ME)
            assert await verdict(hanging) == ([], 4010)
            assert server.snapshot()["members"] == 1

    world.run(main())


def test_a_full_room_is_full_for_strangers(world: World) -> None:
    async def main() -> None:
        async with world.relay(members_per_room=1) as server:
            await world.log_in(server, ME)
            stranger = await world.open(server)
            challenge = Challenge.parse(str(await stranger.recv()))
            await stranger.send(world.answer(challenge, Identity.create()))
            assert (await verdict(stranger))[1] == 4013

    world.run(main())


def test_who_sends_far_more_than_allowed_is_closed(world: World) -> None:
    async def main() -> None:
        async with world.relay(messages_per_second=1e-6, messages_burst=2) as server:
            bot, receiver = await world.log_in(server), await world.log_in(server)
            for _ in range(6):
                await bot.send(b"x")
            assert await verdict(bot) == ([], 4029)
            assert [await receiver.recv(), await receiver.recv()] == [b"x", b"x"]
            assert world.counts(server, "dropped")["rate"] == 3
            assert world.counts(server, "closed") == {"over_rate": 1}

    world.run(main())


@pytest.mark.parametrize("logged_in", [False, True])
def test_who_floods_with_pings_or_texts_is_cut_off(world: World, logged_in: bool) -> None:
    async def main() -> None:
        async with world.relay() as server:
            connection = await (world.log_in(server) if logged_in else world.open(server))
            try:
                for _ in range(1_000):
                    await connection.ping()
            except ConnectionClosed:
                pass
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert world.counts(server, "closed") == {"flooded": 1}

    world.run(main())


async def deaf_member(world: World, server: RelayServer) -> ClientConnection:
    """Logs in and never reads again, with as little room for it in the system as can be."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.port))
    connection = await connect("ws://relay.example/", sock=sock, compression=None, proxy=None)
    challenge = Challenge.parse(str(await connection.recv()))
    await connection.send(world.answer(challenge, Identity.create()))
    await connection.recv()
    connection.transport.pause_reading()
    return connection


async def fill(world: World, server: RelayServer, bot: ClientConnection) -> None:
    """Until the relay drops what waits for the deaf one."""
    while "queue" not in world.counts(server, "dropped"):
        for _ in range(200):
            await bot.send(bytes(1_200))
        await asyncio.sleep(0)


def test_a_member_that_never_reads_costs_little_and_is_closed(world: World) -> None:
    async def main() -> None:
        async with world.relay(messages_per_second=1e9, messages_burst=1e9,
                               bytes_per_second=1e12, bytes_burst=1e12) as server:  # fmt: skip
            deaf, bot = await deaf_member(world, server), await world.log_in(server)
            await fill(world, server, bot)
            assert server.snapshot()["parked"] == 32
            host = server._host
            assert max(c.transport.get_write_buffer_size() for c in host._connections) < 65_536 + 2_000
            for _ in range(2):
                host.sweep()
                world.clock.added_ms += 10_001
            host.sweep()
            await world.until(lambda: server.snapshot()["members"] == 1)
            assert world.counts(server, "closed") == {"stalled": 1}
            deaf.transport.abort()

    world.run(main())


def test_a_member_that_reads_again_gets_the_newest(world: World) -> None:
    async def main() -> None:
        async with world.relay(messages_per_second=1e9, messages_burst=1e9,
                               bytes_per_second=1e12, bytes_burst=1e12) as server:  # fmt: skip
            deaf, bot = await deaf_member(world, server), await world.log_in(server)
            await fill(world, server, bot)
            await bot.send(b"last")
            await (await bot.ping())  # the relay answers in order, so it has seen the datagram
            deaf.transport.resume_reading()
            while await deaf.recv() != b"last":
                pass
            assert server.snapshot()["parked"] == 0

    world.run(main())


first_messages = st.text(max_size=1_100) | st.binary(max_size=1_300) | st.just("[" * 1_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=first_messages)
def test_any_first_message_gets_at_most_one_answer_no_longer_than_itself_and_a_close(
    world: World, message: str | bytes
) -> None:
    async def main() -> None:
        async with world.relay() as server:
            connection = await world.open(server)
            await connection.recv()
            await connection.send(message)
            said, code = await verdict(connection)
            assert len(said) <= 1
            assert len("".join(said)) <= len(message)
            assert code in (4001, 1009)

    world.run(main())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(first_messages, max_size=4))
def test_whatever_one_member_sends_the_others_go_on(world: World, messages: list[str | bytes]) -> None:
    async def main() -> None:
        async with world.relay() as server:
            liar = await world.log_in(server)
            bot, receiver = (
                await world.log_in(server, None, OTHER_ROOM),
                await world.log_in(server, None, OTHER_ROOM),
            )
            try:
                for message in messages:
                    await liar.send(message)
            except ConnectionClosed:
                pass
            await bot.send(b"press")
            assert await receiver.recv() == b"press"

    world.run(main())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stage=st.sampled_from(["connected", "opened", "logged in"]), junk=st.binary(min_size=1, max_size=600))
def test_no_bytes_at_the_socket_make_the_relay_complain_or_grow(
    world: World, caplog: pytest.LogCaptureFixture, stage: str, junk: bytes
) -> None:
    async def main() -> None:
        async with world.relay() as server:
            if stage == "connected":
                writer = (await asyncio.open_connection("127.0.0.1", server.port))[1]
                transport = writer.transport
            else:
                opening = world.log_in(server) if stage == "logged in" else world.open(server)
                transport = (await opening).transport
            transport.write(junk)
            transport.write_eof()
            await world.until(lambda: server.snapshot()["connections"] == 0)
            assert server.snapshot()["members"] == server.snapshot()["rooms"] == 0
            transport.abort()
            assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []

    world.run(main())
