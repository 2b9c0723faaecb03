"""TLS for a relay from two PEM files."""

from __future__ import annotations

import ssl
from asyncio import sslproto
from typing import Final

from tunnel.relay.settings import TlsFiles

# asyncio reads each TLS connection through a buffer of its own, 256 KiB by default and all of it touched: a
# thousand members would be 256 MB. A TLS record is at most 16 KiB (RFC 8446, 5.1), and a datagram far less.
_READ_BUFFER: Final = 16_384


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
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
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


def _no_password() -> str:
    """Instead of asking on the terminal of a program that runs unattended."""
    raise ValueError("the key is encrypted")
