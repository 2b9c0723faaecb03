from __future__ import annotations

import ssl
from asyncio import sslproto
from contextvars import copy_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tunnel.relay.settings import TlsFiles
from tunnel.relay.tls import ALREADY_READ, TlsError, server_context, shrink_read_buffers


def test_a_certificate_and_its_key_make_a_context(tls_files: TlsFiles) -> None:
    assert server_context(tls_files).minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_missing_file_is_named(tls_files: TlsFiles, tmp_path: Path) -> None:
    with pytest.raises(TlsError, match=r"missing\.pem"):
        server_context(TlsFiles(tls_files.cert, tmp_path / "missing.pem"))


def test_files_that_do_not_belong_together_are_named(tls_files: TlsFiles) -> None:
    with pytest.raises(TlsError, match=r"cert\.pem"):
        server_context(TlsFiles(tls_files.cert, tls_files.cert))


def test_an_encrypted_key_never_asks_the_terminal(tls_files: TlsFiles, tmp_path: Path) -> None:
    key = load_pem_private_key(tls_files.key.read_bytes(), None)
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(TlsError, match="unencrypted"):
        server_context(TlsFiles(tls_files.cert, encrypted))


def test_asyncio_still_has_the_buffer_we_shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", sslproto.SSLProtocol.max_size)  # type: ignore[attr-defined, unused-ignore]  # not in the stubs
    shrink_read_buffers()
    assert sslproto.SSLProtocol.max_size == 16_384  # type: ignore[attr-defined, unused-ignore]  # not in the stubs


def test_tls_hears_first_what_has_been_read_and_does_not_keep_it(
    tls_files: TlsFiles, trusting: ssl.SSLContext
) -> None:
    hello = ssl.MemoryBIO()
    client = trusting.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    read = bytearray(hello.read())
    answer = ssl.MemoryBIO()

    def serve() -> None:
        ALREADY_READ.set(read)
        server = server_context(tls_files).wrap_bio(ssl.MemoryBIO(), answer, server_side=True)
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()

    copy_context().run(serve)
    assert answer.read().startswith(b"\x16")  # a handshake's record: it has understood the hello
    assert read == b""
