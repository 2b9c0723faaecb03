"""A receiver with a gateway, a device that remembers, and a client written from IID.md alone."""

from __future__ import annotations

import asyncio
import datetime
import importlib
import ipaddress
import struct
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from config.model import ReceiverConfig
from injector.app import Receiver
from injector.gateway.gateway import Gateway
from injector.iid.handshake import Dialect
from injector.report import NEUTRAL, Report
from tunnel.identity import Identity
from tunnel.wallclock import WallClock

KEY = bytes(31) + b"\x01"
ADDRESS = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"  # of that key, as any wallet shows it
OTHER_KEY = bytes(31) + b"\x02"
OTHER_ADDRESS = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF"


def personal_sign(key: bytes, text: str) -> bytes:
    """By eth-account: nothing of ours has a part in the client."""
    account, messages = _eth_account()
    return bytes(account.Account.sign_message(messages.encode_defunct(text=text), key).signature)


@cache
def _eth_account() -> tuple[Any, Any]:
    """One of its libraries lets Python recurse a hundred times deeper, which ends in a crash where nested
    nonsense is parsed: the limit is put back.
    """
    limit = sys.getrecursionlimit()
    try:
        return importlib.import_module("eth_account"), importlib.import_module("eth_account.messages")
    finally:
        sys.setrecursionlimit(limit)


class Client:
    """Reads its challenge, answers it, reads its greeting; after that it speaks in bytes."""

    def __init__(self, connection: ClientConnection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        self.greeting = ""
        self.held: set[int] = set()  # the values pressed and not released, of what it is told

    async def challenge(self) -> str:
        word = "SIGN:" if self.dialect is Dialect.APINT else "GUID:"
        text = await self.connection.recv()
        assert isinstance(text, str)
        assert text.startswith(word)
        return text.removeprefix(word)

    async def answer(self, guid: str, key: bytes = KEY, address: str = ADDRESS, signed: str = "") -> None:
        signature = personal_sign(key, signed or guid).hex()
        if self.dialect is Dialect.APINT:
            await self.connection.send(f"{guid}|{address}|0x{signature}")
        else:
            await self.connection.send(f"SIGNED:{guid}|{address}|{signature}")

    async def log_in(self, key: bytes = KEY, address: str = ADDRESS) -> None:
        await self.answer(await self.challenge(), key, address)
        greeting = await self.connection.recv()
        assert isinstance(greeting, str)
        self.greeting = greeting

    async def send(self, index: int, value: int, date: int = 0) -> None:
        await self.connection.send(struct.pack("<iiQ", index, value, date))

    async def ends(self) -> None:
        """Reads until the connection is closed."""
        try:
            while True:
                await self.connection.recv()
        except ConnectionClosed:
            pass

    async def hears(self, held: set[int]) -> None:
        """Waits until that is what it has been told is held (buttons only)."""
        while self.held != held:
            record = await self.connection.recv()
            assert isinstance(record, bytes)
            _, value, date = struct.unpack("<iiQ", record)
            assert date == 0
            if value < 2000:
                self.held |= {value} if value < 1310 else set()
            else:
                self.held -= {value - 1000}


class Device:
    """Remembers what the pads look like."""

    def __init__(self) -> None:
        self.pads: dict[int, Report] = {}

    def apply(self, pad: int, report: Report) -> None:
        self.pads[pad] = report

    def neutral(self) -> None:
        self.pads = dict.fromkeys(self.pads, NEUTRAL)

    def close(self) -> None:
        self.neutral()


class SilentTunnel:
    """A bot that never says anything."""

    def __init__(self, **said: Any) -> None:
        self.say = said["on_event"]
        self.reports: list[object] = []

    async def run(self) -> None:
        await asyncio.Event().wait()

    def report(self, *said: object) -> None:
        self.reports.append(said)


class House:
    """The receiver, its gateway and its device; `open` makes a connection that has not logged in."""

    def __init__(self, **gateway: Any) -> None:
        clients = gateway.pop("clients", [{"address": ADDRESS}])
        doors = {"apint": "127.0.0.1:0", "singletunnel": "127.0.0.1:0"}
        config = ReceiverConfig.model_validate(
            {
                "identity": "r.key", "bot": Identity(OTHER_KEY).public.hex, "relays": ["ws://127.0.0.1:1"],
                "pads": 2,
                "gateway": {"clients": clients, **doors, **gateway},
            }
        )  # fmt: skip
        clock = WallClock()
        self.device = Device()
        self.gateway = Gateway(config, clock)
        self.counters = self.gateway.host.counters
        self.receiver = Receiver(
            config, identity=Identity(KEY), device_factory=lambda: self.device, clock=clock,
            observer=self.gateway, endpoint_factory=SilentTunnel,
        )  # fmt: skip
        self.clients: list[ClientConnection] = []

    def pressed(self, buttons: int, pad: int = 1) -> bool:
        return self.device.pads.get(pad, NEUTRAL).buttons == buttons

    async def open(self, dialect: Dialect = Dialect.APINT, **options: Any) -> Client:
        port = self.gateway.ports[dialect]
        connection = await connect(
            f"ws://127.0.0.1:{port}", compression=None, proxy=None, close_timeout=0.2, **options
        )
        self.clients.append(connection)
        return Client(connection, dialect)

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of a certificate for 127.0.0.1 that only vouches for itself, good for an hour."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crowdpad test")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = {"cert": folder / "cert.pem", "key": folder / "key.pem"}
    files["cert"].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files["key"].write_bytes(key.private_bytes(pem, pkcs8, plain))
    return files


Test = Callable[[House], Awaitable[None]]


def run_house(test: Test, **gateway: Any) -> House:
    async def main() -> House:
        house = House(**gateway)
        await house.gateway.start(house.receiver.guests)
        running = asyncio.create_task(house.receiver.run())
        await house.until(lambda: house.receiver.stats().device == "open")
        try:
            await test(house)
        finally:
            for connection in house.clients:
                connection.transport.abort()
            await house.gateway.stop()
            running.cancel()
            await asyncio.wait([running])
        return house

    return asyncio.run(asyncio.wait_for(main(), 30))


@pytest.fixture
def live() -> Callable[..., House]:
    """live(test, **gateway): runs `test` in a house whose gateway is set up so."""
    return run_house
