"""A WebSocket to a server nobody trusts: where it may lead, what opening it may raise, how it is left."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Final, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidURI

from tunnel.links.fast import FastConnection

# For the other side to answer a close, when we leave: Ctrl-C ends any command within a second.
CLOSE_S: Final = 0.3
# A connection whose other side vanished (a new address at home, a server without power) says nothing at all.
# After at most these two together it is given up, and the next one starts on whatever line there is now.
PING_INTERVAL_S: Final = 5.0
PING_TIMEOUT_S: Final = 10.0

# All that connecting to strangers may raise. OSError: the network, DNS, TLS, an unreadable `tls_ca`, every
# TimeoutError. ImportError: the environment asks for a SOCKS proxy, which takes another library.
EXPECTED: Final = (
    ConnectionClosed,
    InvalidHandshake,
    InvalidURI,
    InvalidProxy,
    OSError,
    ImportError,
    UnicodeError,
)


class StrangerConnection(FastConnection, ClientConnection):
    """The library's client connection with our way to read and write."""


class StrangerConnect(connect):
    """The library's `connect` that stays with the server its owner named: no redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def leave(connection: StrangerConnection) -> None:
    """Closes politely if that goes quickly. Never waits longer, whatever the other side does."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await connection.close()
    except TimeoutError:
        pass  # it is cut off below
    finally:
        connection.transport.abort()


def proxy_for(host: str) -> Literal[True] | None:
    """What the environment says (True), but nothing stands between a program and its own machine."""
    try:
        is_own = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = host.lower() == "localhost"
    return None if is_own else True
