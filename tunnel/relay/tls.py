"""TLS for a relay from two PEM files."""

from __future__ import annotations

import ssl
from asyncio import sslproto
from contextvars import ContextVar
from typing import Any, Final

from tunnel.relay.settings import TlsFiles

# asyncio reads each TLS connection through a buffer of its own, 256 KiB by default and all of it touched: a
# thousand members would be 256 MB. A TLS record is at most 16 KiB (RFC 8446, 5.1), and a datagram far less.
_READ_BUFFER: Final = 16_384

# What a task has read from a connection before it starts TLS there: TLS hears it first, and leaves it empty,
# because callbacks keep their context for as long as the connection lasts.
ALREADY_READ: Final[ContextVar[bytearray]] = ContextVar("ALREADY_READ")


class TlsError(Exception):
    """The certificate or its key cannot be used. One sentence that names the file."""


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """A context for servers, TLS 1.2 or later. Raises TlsError."""
    for path in (files.cert, files.key):
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise TlsError(f"cannot read the TLS file {path}: {error.strerror}") from error
    context = _LateContext(ssl.PROTOCOL_TLS_SERVER)  # verifies no client, and is as safe as this Python knows
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.cert, files.key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise TlsError(
            f"{files.cert} and {files.key} are not a PEM certificate and its unencrypted private key"
        ) from error
    return context


def shrink_read_buffers() -> None:
    """Makes asyncio's TLS connections of this process cost 16 KiB instead of 256 each.

    The attribute is not documented; should it go, nothing breaks and memory is as it was.
    """
    sslproto.SSLProtocol.max_size = _READ_BUFFER  # type: ignore[attr-defined, unused-ignore]  # not in the stubs


class _LateContext(ssl.SSLContext):
    """Lets TLS start on a connection of which the first bytes have been read already.

    The loop's `start_tls` has no parameter for them. It makes its TLS object by this documented method,
    within the task that called it, and there we slip them in.
    """

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **kwargs: Any
    ) -> ssl.SSLObject:
        if already_read := ALREADY_READ.get(None):
            incoming.write(already_read)
            already_read.clear()
        return super().wrap_bio(incoming, outgoing, *args, **kwargs)


def _no_password() -> str:
    """Instead of asking on the terminal of a program that runs unattended."""
    raise ValueError("the key is encrypted")
