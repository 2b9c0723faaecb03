"""Who comes in, what is played for whom, and what becomes of it, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from injector.gateway import host as gateway_host
from injector.gateway.guest import RECORDS_BURST
from injector.iid.handshake import Dialect
from injector.player import Press
from tunnel.events import PeerSilent
from tunnel.frame import Frame, SequenceId

# The fixtures' own types are no package to import from.
House = Any
Live = Callable[..., House]
KEY, OTHER_KEY = bytes(31) + b"\x01", bytes(31) + b"\x02"
ADDRESS = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
OTHER_ADDRESS = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"
BOTH = [{"address": ADDRESS}, {"address": OTHER_ADDRESS}]
A, B = 1, 2  # as buttons of a report
APINT, SINGLETUNNEL = Dialect.APINT, Dialect.SINGLETUNNEL
both = pytest.mark.parametrize("dialect", list(Dialect), ids=lambda dialect: dialect.value)


@both
def test_a_listed_client_logs_in_plays_and_is_told_what_is_played(live: Live, dialect: Dialect) -> None:
    async def test(house: House) -> None:
        client = await house.open(dialect)
        await client.log_in()
        hello = "HELLO 0" if dialect is APINT else "HELLO"
        assert client.greeting.lower() == f"{hello} {ADDRESS}".lower()
        await client.send(1, 1300)
        await client.hears({1300})
        assert house.pressed(A)
        await client.send(1, 2300)
        await client.hears(set())
        assert house.pressed(0)

    assert live(test).counters["admitted"] == 1


async def turned_out(client: Any) -> None:
    """Waits for the end of a connection that must have been told nothing."""
    with pytest.raises(ConnectionClosed):
        await client.connection.recv()


@both
def test_nobody_is_admitted_before_signing(live: Live, dialect: Dialect) -> None:
    async def test(house: House) -> None:
        client = await house.open(dialect)
        await client.challenge()
        house.receiver.guests([Press(SequenceId(-99), (Frame(1, 1302, 0), Frame(1, 2302, 500)))])
        await client.send(1, 1300)
        await turned_out(client)
        assert not house.device.pads[1].buttons & A

    assert live(test).counters["refused"] == 1


@both
def test_a_replayed_signature_opens_nothing(live: Live, dialect: Dialect) -> None:
    async def test(house: House) -> None:
        first = await house.open(dialect)
        old = await first.challenge()
        await first.answer(old)
        assert str(await first.connection.recv()).startswith("HELLO")
        for under_the_new_guid in (False, True):
            client = await house.open(dialect)
            new = await client.challenge()
            assert new != old
            await client.answer(new if under_the_new_guid else old, signed=old)
            await turned_out(client)

    assert live(test).counters["refused"] == 2


def test_a_guid_is_used_once_even_by_its_own_connection(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        guid = await client.challenge()
        await client.answer(guid, key=OTHER_KEY)
        try:
            await client.answer(guid)  # the right one, too late
        except ConnectionClosed:
            pass
        await turned_out(client)

    assert live(test).counters["admitted"] == 0


@both
def test_an_address_that_is_not_listed_stays_outside(live: Live, dialect: Dialect) -> None:
    async def test(house: House) -> None:
        client = await house.open(dialect)
        await client.answer(await client.challenge(), OTHER_KEY, OTHER_ADDRESS)
        await turned_out(client)

    assert live(test).counters == {"refused": 1, "flooded": 0}


@pytest.mark.parametrize("text", ["", "SHA256:password", "\x00" * 1000, "|||", "SIGNED:||", "x" * 5000])
def test_garbage_for_an_answer_is_refused(live: Live, text: str) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.challenge()
        await client.connection.send(text)
        await turned_out(client)
        await (await house.open()).log_in()

    assert live(test).counters["admitted"] == 1


def test_who_never_answers_is_sent_away(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_host, "LOGIN_MS", 50.0)

    async def test(house: House) -> None:
        client = await house.open()
        await client.challenge()
        await turned_out(client)

    assert live(test).counters["too_slow"] == 1


async def by_leaving(house: House, client: Any) -> None:
    await client.connection.close()


async def by_vanishing(house: House, client: Any) -> None:
    client.connection.transport.abort()


async def flood(client: Any, message: str | bytes, most: int) -> None:
    """Sends until it is cut off."""
    for _ in range(most):
        try:
            await client.connection.send(message)
        except ConnectionClosed:
            return
        await asyncio.sleep(0)
    pytest.fail("it was never cut off")


async def by_sending_too_much(house: House, client: Any) -> None:
    await flood(client, b"\x14\x05\x00\x00", 10 * RECORDS_BURST)


async def by_coming_again(house: House, client: Any) -> None:
    await (await house.open()).log_in()


async def by_texting(house: House, client: Any) -> None:
    await client.connection.send("hello?")


async def by_the_bots_silence(house: House, client: Any) -> None:
    house.receiver.endpoint.say(PeerSilent())


async def by_panic(house: House, client: Any) -> None:
    house.receiver.panic()


ENDS = [
    by_leaving, by_vanishing, by_sending_too_much, by_coming_again, by_texting, by_the_bots_silence, by_panic,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_what_a_client_holds_is_let_go(live: Live, end: Callable[[House, Any], Awaitable[None]]) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 1300)
        await house.until(lambda: house.pressed(A))
        await end(house, client)
        await house.until(lambda: house.pressed(0))

    live(test, longest_hold_ms=60_000)  # longer than this test may take


def test_a_press_without_a_release_ends_at_the_longest_hold(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 1300)
        await client.hears({1300})
        await client.hears(set())
        assert house.pressed(0)

    live(test, longest_hold_ms=100)


def test_delayed_records_are_played_in_their_order(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.log_in()
        await client.send(1, 2300, 60)
        await client.send(1, 1300, 20)
        await client.hears({1300})
        await client.hears(set())

    live(test)


def test_bytes_of_other_lengths_are_counted_and_harm_nobody(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.log_in()
        for size in (0, 1, 5, 17, 31, 1000):
            await client.connection.send(bytes(size))
        await client.send(1, 1302)
        await house.until(lambda: house.pressed(B))

    assert live(test).counters["wrong_length"] == 6


def test_a_client_plays_only_if_it_may_and_listens_only_if_it_may(live: Live) -> None:
    clients = [{"address": ADDRESS, "plays": False}, {"address": OTHER_ADDRESS, "hears": False, "index": 2}]

    async def test(house: House) -> None:
        listener, player = await house.open(), await house.open()
        await listener.log_in()
        await player.log_in(OTHER_KEY, OTHER_ADDRESS)
        assert player.greeting.lower() == f"HELLO 2 {OTHER_ADDRESS}".lower()
        await listener.send(1, 1300)
        await house.until(lambda: house.counters["denied"])
        await player.send(1, 1302)
        await listener.hears({1302})
        assert house.pressed(B, pad=2)
        assert not house.pressed(A)
        await player.connection.close()
        with pytest.raises(ConnectionClosed):
            await player.connection.recv()  # nothing was waiting for it

    live(test, clients=clients)


def test_somebody_who_comes_late_is_told_what_is_held(live: Live) -> None:
    async def test(house: House) -> None:
        player = await house.open()
        await player.log_in()
        await player.send(1, 1300)
        await house.until(lambda: house.pressed(A))
        late = await house.open(SINGLETUNNEL)
        await late.log_in(OTHER_KEY, OTHER_ADDRESS)
        await late.hears({1300})
        await player.connection.close()
        await late.hears(set())

    live(test, clients=BOTH, longest_hold_ms=60_000)


def test_ping_is_answered_and_storms_are_cut_off(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open(SINGLETUNNEL)
        await client.log_in()
        await client.connection.send("ping")
        while await client.connection.recv() != "pong":
            pass
        await flood(client, "ping", 10_000)

    house = live(test)
    assert house.counters["flooded"] == 1


def visits(house: House) -> list[Any]:
    return list(house.gateway.host._visits.values())


def narrow(*transports: asyncio.WriteTransport) -> None:
    """Leaves the system little room for what nobody reads: by itself it takes megabytes."""
    for transport in transports:
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 4096)


def test_a_slow_reader_stalls_nobody_and_costs_nothing(live: Live) -> None:
    async def test(house: House) -> None:
        slow, quick = await house.open(max_queue=1), await house.open()
        await slow.log_in()
        await quick.log_in(OTHER_KEY, OTHER_ADDRESS)
        slow.connection.transport.pause_reading()
        narrow(slow.connection.transport, *(each.connection.transport for each in visits(house)))
        presses = 0
        while not house.counters["held_back"]:
            presses += 1
            id = SequenceId(-1_000_000 - presses)
            house.receiver.guests([Press(id, (Frame(1, 1300 + 2 * (presses % 2), 0), Frame(1, 2300, 1)))])
            house.gateway.report(1, house.device.pads[1])
            house.gateway.neutral("test")
            await asyncio.sleep(0)
        await quick.send(2, 1303)
        await house.until(lambda: house.pressed(8, pad=2))
        (visit,) = [each for each in visits(house) if each.connection.paused]
        assert visit.connection.transport.get_write_buffer_size() < 100_000

    live(test, clients=BOTH)


def test_a_flood_of_connections_fills_the_waiting_places_and_no_others(live: Live) -> None:
    async def test(house: House) -> None:
        client = await house.open()
        await client.log_in()
        port = house.gateway.ports[APINT]
        most = 0
        for _ in range(20):  # 2,000 connections, a hundred at a time
            opened = await asyncio.gather(
                *(asyncio.open_connection("127.0.0.1", port) for _ in range(100)), return_exceptions=True
            )
            most = max(most, house.gateway.host.connections)
            for each in opened:
                if not isinstance(each, BaseException):
                    each[1].transport.abort()
        assert most <= 1 + gateway_host.LIMITS.waiting_per_address
        await client.send(1, 1300)
        await client.hears({1300})
        await house.until(lambda: house.gateway.host.connections == 1)
        try:
            again = await house.open(SINGLETUNNEL)
        except (InvalidMessage, OSError) as error:
            raise AssertionError("the door stayed shut after the flood") from error
        await again.log_in()

    assert live(test).counters["turned_away"] > 0
