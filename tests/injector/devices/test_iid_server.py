"""Logging in to servers that play the documented handshakes, warts and all, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from config.codes import Control
from injector.devices import iid_server
from injector.devices.iid import IidDevice
from injector.devices.iid_server import IidServer, Place
from injector.iid.handshake import Dialect
from injector.report import BUTTON_BIT, NEUTRAL, Report
from tunnel.identity import Identity, recover_text

KEY = Identity(bytes(31) + b"\x01")
ADDRESS = KEY.public.address
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
A, B = Report(BUTTON_BIT[Control.A]), Report(BUTTON_BIT[Control.B])
SAFE_NEUTRAL = [*range(2300, 2310), 1310, 2319, 1330, 1340, 2358, 2359]
APINT, SINGLETUNNEL = Dialect.APINT, Dialect.SINGLETUNNEL

Script = Callable[[ServerConnection], Awaitable[None]]


class FakeServer:
    """Plays `script` on each connection; keeps the values it is told and the texts it hears."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.values: list[int] = []
        self.texts: list[str] = []
        self.visits = 0
        self.changed = asyncio.Event()

    async def attend(self, connection: ServerConnection) -> None:
        self.visits += 1
        with contextlib.suppress(ConnectionClosed):
            await self.script(connection)
            async for message in connection:
                self.hear(message)
        self.changed.set()

    def hear(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.texts.append(message)
        else:
            index, value, date = struct.unpack("<iiQ", message)
            assert (index, date) == (1, 0)
            self.values.append(value)
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            self.changed.clear()
            await self.changed.wait()


async def apint(connection: ServerConnection) -> None:
    """The handshake of IID.md, as the APInt server has it."""
    await connection.send(f"SIGN:{GUID}")
    guid, address, signature = str(await connection.recv()).split("|")
    assert (guid, signature[:2]) == (GUID, "0x")
    assert recover_text(guid, bytes.fromhex(signature[2:])) == address == ADDRESS
    await connection.send(f"HELLO 7 {address}")


async def singletunnel(connection: ServerConnection) -> None:
    """The same of SingleTunnel."""
    await connection.send(f"GUID:{GUID}")
    guid, address, signature = str(await connection.recv()).removeprefix("SIGNED:").split("|")
    assert recover_text(guid, bytes.fromhex(signature)) == address == ADDRESS
    await connection.send(f"HELLO {address}")


Play = Callable[[FakeServer, IidServer], Awaitable[None]]


def play(script: Script, test: Play, dialect: Dialect = APINT) -> IidServer:
    """Runs `test` with one fake server and one of ours that knows it, both stopped at the end."""

    async def main() -> IidServer:
        fake = FakeServer(script)
        async with serve(fake.attend, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            ours = IidServer(Place(dialect, "127.0.0.1", port, secure=False), KEY, pads=1)
            ours.rest()
            try:
                await test(fake, ours)
            finally:
                ours.close()
                await ended(ours)
        return ours

    return asyncio.run(asyncio.wait_for(main(), 30))


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


async def ended(ours: IidServer) -> None:
    assert ours._task is not None
    await asyncio.wait([ours._task])


def held(values: list[int]) -> bool:
    """Whether a receiver that follows the table ends with A down."""
    down = False
    for value in values:
        down = value == 1300 or (down and value != 2300)
    return down


@pytest.mark.parametrize(
    ("dialect", "script"), [(APINT, apint), (SINGLETUNNEL, singletunnel)], ids=["apint", "singletunnel"]
)
def test_it_logs_in_and_tells_what_the_pads_do(dialect: Dialect, script: Script) -> None:
    async def test(fake: FakeServer, ours: IidServer) -> None:
        await fake.until(lambda: fake.values == SAFE_NEUTRAL)
        ours.show(1, A)
        ours.show(1, NEUTRAL)
        await fake.until(lambda: fake.values[-2:] == [1300, 2300])

    assert play(script, test, dialect).counters["logins"] == 1


def test_what_is_held_is_told_after_rest_to_a_server_that_comes_back() -> None:
    async def test(fake: FakeServer, ours: IidServer) -> None:
        async def lost(connection: ServerConnection) -> None:
            await apint(connection)
            if fake.visits == 1:
                connection.transport.abort()

        fake.script = lost
        ours.show(1, A)
        await fake.until(lambda: fake.values[-17:] == [*SAFE_NEUTRAL, 1300])
        assert fake.visits == 2

    play(apint, test)


def test_silence_and_closing_let_go_of_everything() -> None:
    async def test(fake: FakeServer, ours: IidServer) -> None:
        ours.show(1, A)
        await fake.until(lambda: held(fake.values))
        ours.rest()
        await fake.until(lambda: not held(fake.values))
        ours.show(1, A)
        await fake.until(lambda: held(fake.values))
        ours.close()
        await ended(ours)
        await fake.until(lambda: not held(fake.values))

    play(apint, test)


async def late(connection: ServerConnection) -> None:
    """Others' inputs, and pings, between all steps; then a long silence before HELLO."""
    await connection.send(bytes(16))
    await connection.send("ping")
    assert await connection.recv() == "pong"
    await connection.send(f"GUID:{GUID}")
    assert str(await connection.recv()).startswith(f"SIGNED:{GUID}|")
    for _ in range(50):
        await connection.send(bytes(4))
    await asyncio.sleep(0)
    await connection.send(f"HELLO {ADDRESS}")


def test_inputs_of_others_before_and_after_the_login_are_counted_and_dropped() -> None:
    async def test(fake: FakeServer, ours: IidServer) -> None:
        await fake.until(lambda: fake.values == SAFE_NEUTRAL)

    assert play(late, test, SINGLETUNNEL).counters["records_unasked"] == 51


def saying(*messages: str | bytes) -> Script:
    async def script(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)

    return script


WARTS = {
    "greeting first": saying(f"HELLO 1 {ADDRESS}"),
    "not a guid": saying("SIGN:I owe you 10 ETH"),
    "a guid and more": saying(f"SIGN:{GUID}\nand all my coins"),
    "other family": saying(f"GUID:{GUID}"),
    "garbage": saying("\x00" * 500),
    "too long": saying("SIGN:" + "a" * 5_000),
    "open bar": saying("SERVER IS IN OPEN BAR MODE. HAVE FUN.", "HELLO 3"),
}


@pytest.mark.parametrize("wart", WARTS)
def test_nothing_is_signed_for_a_server_that_says_something_else(
    wart: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(fake: FakeServer, ours: IidServer) -> None:
        await fake.until(lambda: fake.visits >= 2)  # it is tried again
        assert fake.texts == []
        assert fake.values == []

    with caplog.at_level(logging.WARNING):
        assert play(WARTS[wart], test).counters["logins"] == 0
    assert len([record for record in caplog.records if record.name == iid_server.__name__]) == 1  # said once


def test_a_second_challenge_is_not_signed() -> None:
    async def twice(connection: ServerConnection) -> None:
        await apint(connection)
        await connection.send(f"SIGN:{GUID}")

    async def test(fake: FakeServer, ours: IidServer) -> None:
        await until(lambda: ours.counters["texts_unknown"] > 0)
        ours.show(1, A)
        await fake.until(lambda: held(fake.values))
        assert fake.texts == []

    play(twice, test)


@pytest.mark.parametrize("flood", ["ping", b""], ids=["texts", "empty"])
def test_a_server_that_floods_is_cut_off_and_tried_again(
    flood: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iid_server, "UNASKED_PER_SECOND", 100)

    async def storm(connection: ServerConnection) -> None:
        await singletunnel(connection)
        while True:
            await connection.send(flood)
            await asyncio.sleep(0)  # both ends share one loop here

    async def test(fake: FakeServer, ours: IidServer) -> None:
        await fake.until(lambda: fake.visits >= 2)

    assert play(storm, test, SINGLETUNNEL).counters["flooded"] >= 1


def test_a_server_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iid_server, "LOGIN_S", 0.05)

    async def test(fake: FakeServer, ours: IidServer) -> None:
        await fake.until(lambda: fake.visits >= 2)

    assert play(saying(), test).counters["logins"] == 0


def test_a_server_that_is_not_there_harms_nobody() -> None:
    async def main() -> None:
        async with serve(FakeServer(apint).attend, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
        ours = IidServer(Place(APINT, "127.0.0.1", port, secure=False), KEY, pads=1)
        ours.show(1, A)
        await until(lambda: ours.counters["visits_ended"] >= 2)
        ours.close()
        await ended(ours)

    asyncio.run(asyncio.wait_for(main(), 30))


def test_nothing_is_said_to_another_machine_without_tls() -> None:
    with pytest.raises(ValueError, match="without TLS"):
        Place(APINT, "tunnel.example.org", 4615, secure=False)
    assert Place(APINT, "2001:db8::1", 4615, secure=True).url == "wss://[2001:db8::1]:4615"


def test_a_device_tells_its_servers_and_its_programs_alike() -> None:
    told: list[Any] = []

    class Server:
        def show(self, pad: int, report: Report) -> None:
            told.append((pad, report))

        def rest(self) -> None:
            told.append("rest")

        def close(self) -> None:
            told.append("closed")

    device = IidDevice([], pads=1, servers=[Server()])
    device.apply(1, A)
    device.close()
    device.close()
    assert told == [(1, A), "rest", "closed", "closed"]
