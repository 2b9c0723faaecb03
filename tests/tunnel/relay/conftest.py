"""A relay on a port of its own, members with keys of their own, a clock that moves when told."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect

from tunnel.identity import Identity
from tunnel.relay.login import Challenge, Login
from tunnel.relay.server import RelayServer
from tunnel.relay.settings import RelayLimits, RelaySettings, TlsFiles
from tunnel.wallclock import WallClock

T = TypeVar("T")

ROOM = bytes(range(16))


class TestClock(WallClock):
    """The real clock, and what a test adds to it."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.added_ms = 0.0

    def now(self) -> float:
        return super().now() + self.added_ms


@dataclass
class World:
    """What a test of the relay's sockets needs. Everything waits for conditions, never for time to pass."""

    clock: TestClock = field(default_factory=TestClock)
    room: bytes = ROOM

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            return await asyncio.wait_for(main, 30)

        return asyncio.run(bounded())

    @asynccontextmanager
    async def relay(
        self,
        allow: frozenset[str] | None = None,
        tls: TlsFiles | None = None,
        metrics: tuple[str, int] | None = None,
        port: int = 0,
        **limits: float,
    ) -> AsyncIterator[RelayServer]:
        settings = RelaySettings(
            name="test relay",
            allow=allow,
            tls=tls,
            metrics=metrics,
            port=port,
            limits=RelayLimits(**limits),  # type: ignore[arg-type]  # some are int, which a test spells as such
        )
        server = RelayServer(settings, self.clock)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    async def open(self, server: RelayServer, context: ssl.SSLContext | None = None) -> ClientConnection:
        """A WebSocket to the relay that has said nothing yet."""
        scheme = "ws" if context is None else "wss"
        return await connect(
            f"{scheme}://127.0.0.1:{server.port}/any/path", compression=None, proxy=None, ssl=context
        )

    async def log_in(
        self,
        server: RelayServer,
        identity: Identity | None = None,
        *rooms: bytes,
        context: ssl.SSLContext | None = None,
    ) -> ClientConnection:
        """A member, welcome."""
        connection = await self.open(server, context)
        challenge = Challenge.parse(str(await connection.recv()))
        await connection.send(self.answer(challenge, identity or Identity.create(), *rooms))
        assert "welcome" in json.loads(await connection.recv())
        return connection

    def answer(self, challenge: Challenge, identity: Identity, *rooms: bytes) -> str:
        signature = identity.sign_text(challenge.signed_text())
        return Login(identity.public.address, signature, rooms or (self.room,)).to_json()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():  # noqa: ASYNC110  the condition is the relay's own, and sets no event
            await asyncio.sleep(0.002)

    def counts(self, server: RelayServer, key: str) -> dict[str, int]:
        value = server.snapshot()[key]
        assert not isinstance(value, int)
        return dict(value)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """A self-signed certificate for 127.0.0.1, good for an hour."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crowdpad test")])
    now = datetime.datetime.now(datetime.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = TlsFiles(folder / "cert.pem", folder / "key.pem")
    files.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


@pytest.fixture(scope="session")
def trusting(tls_files: TlsFiles) -> ssl.SSLContext:
    """A client's context that trusts that certificate and no other."""
    return ssl.create_default_context(cafile=tls_files.cert)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
