"""A WebSocket upgrade on a TCP connection that anybody may have made: proof first, and not a word without.

The library's own ways to open a connection answer whoever asks, at least with an error. Here its protocols
are fed nothing but one head of HTTP, whole and short, and what they would answer to a wrong one is not sent.
After the proof it is a connection like any other (fast.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from websockets.client import ClientProtocol
from websockets.datastructures import Headers, MultipleValuesError
from websockets.http11 import Request, Response
from websockets.protocol import Event, Protocol
from websockets.server import ServerProtocol
from websockets.uri import WebSocketURI

from tunnel.links.fast import FastConnection
from tunnel.links.link import MAX_DATAGRAM
from tunnel.links.strangers import CLOSE_S, PING_INTERVAL_S, PING_TIMEOUT_S
from tunnel.nat.stun import Address
from tunnel.nat.tcp import proof as tcp_proof
from tunnel.nat.tcp.proof import Asked, Passwords

_library_log = logging.getLogger(f"{__name__}.websockets")
_library_log.setLevel(logging.WARNING)  # its small talk about every connection is not for people

_WRITE_BUFFER: Final = 65_536  # as on a relay's link
_LONGEST_HEAD: Final = 2_048  # ours have some 300 bytes
_END: Final = b"\r\n\r\n"


class PunchedConnection(FastConnection):
    """What both ends have in common.

    address   where it leads
    passwords those of now; None while the other end is unknown
    is_proved whether the other end is at its other end
    on_proved, on_lost   called on the loop, at most once each; `on_lost` also if it never was proved
    """

    def __init__(
        self,
        protocol: Protocol,
        address: Address,
        passwords: Callable[[], Passwords | None],
        on_proved: Callable[[PunchedConnection], None],
        on_lost: Callable[[PunchedConnection], None],
    ) -> None:
        super().__init__(
            protocol,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
            close_timeout=CLOSE_S,
            write_limit=_WRITE_BUFFER,
        )
        self.address = address
        self.is_proved = False
        self.passwords = passwords
        self._on_proved = on_proved
        self._on_lost = on_lost
        self._head = b""
        self._is_made = False
        self._is_aborted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._is_made = True
        if self._is_aborted:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.is_proved:
            super().data_received(data)
        elif not self._is_aborted:
            self._head += data
            end = self._head.find(_END) + len(_END)
            if end >= len(_END):
                head, tail, self._head = self._head[:end], self._head[end:], b""
                self._head_came(head, tail)
            elif len(self._head) > _LONGEST_HEAD:
                self.abort()

    def eof_received(self) -> None:
        if self.is_proved:
            super().eof_received()
        else:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._on_lost(self)

    def abort(self) -> None:
        """Ends it now, without a word; or as soon as it begins."""
        self._is_aborted = True
        if self._is_made:
            self.transport.abort()

    def begin(self) -> None:
        """It is this connection's turn."""

    def look_again(self) -> None:
        """The other end is known by now."""

    def _head_came(self, head: bytes, tail: bytes) -> None:
        """The other side's one head, and what follows it."""
        raise NotImplementedError

    def _event(self, head: bytes) -> Event | None:
        """The request or response in it, if it is one as it should be."""
        if len(head) > _LONGEST_HEAD:
            return None
        self.protocol.receive_data(head)
        events = self.protocol.events_received()
        return events[0] if events and self.protocol.handshake_exc is None else None

    def _proved(self, tail: bytes = b"") -> None:
        self.is_proved = True
        self.start_keepalive()
        self._on_proved(self)
        if tail:
            super().data_received(tail)


class PunchedClient(PunchedConnection):
    """Asks, at its turn."""

    protocol: ClientProtocol

    def begin(self) -> None:
        passwords = self.passwords()
        assert passwords is not None, "nobody's turn comes before the other end is known"
        if self._is_aborted:
            return
        request = self.protocol.connect()
        request.headers[tcp_proof.HEADER] = tcp_proof.ask(passwords, self.protocol.key)
        self.protocol.send_request(request)
        self.send_data()

    def _head_came(self, head: bytes, tail: bytes) -> None:
        event, passwords = self._event(head), self.passwords()
        if isinstance(event, Response) and passwords is not None:
            accept = event.headers.get("Sec-WebSocket-Accept", "")
            if tcp_proof.has_answered(passwords, accept, _said(event.headers)):
                self._proved(tail)
                return
        self.abort()


class PunchedServer(PunchedConnection):
    """Answers what is right.

    asked  what its end has been asked before, on other connections
    """

    protocol: ServerProtocol
    asked: Asked
    _request: Request | None = None

    def look_again(self) -> None:
        if self._request is not None and not (self.is_proved or self._is_aborted):
            self._answer(self._request)

    def _head_came(self, head: bytes, tail: bytes) -> None:
        event = self._event(head)
        if self._request is not None or tail or not isinstance(event, Request):
            self.abort()  # nobody may go on before the answer
            return
        self._request = event
        self._answer(event)

    def _answer(self, request: Request) -> None:
        passwords = self.passwords()
        if passwords is None:
            return  # its offer is under way, or the deadline ends this
        key = _one(request.headers, "Sec-WebSocket-Key")
        response = self.protocol.accept(request)
        is_right = response.status_code == 101 and self.asked.is_right(passwords, key, _said(request.headers))
        if not is_right:
            self.abort()
            return
        accept = response.headers["Sec-WebSocket-Accept"]
        response.headers[tcp_proof.HEADER] = tcp_proof.answer(passwords, accept)
        self.protocol.send_response(response)
        self.send_data()
        self._proved()


def make(
    *,
    asks: bool,
    asked: Asked,
    address: Address,
    passwords: Callable[[], Passwords | None],
    on_proved: Callable[[PunchedConnection], None],
    on_lost: Callable[[PunchedConnection], None],
) -> PunchedConnection:
    """The protocol of one connection: the client's if this end `asks`, else the server's. Needs a loop."""
    if asks:
        uri = WebSocketURI(False, address[0], address[1], "/", "")
        client = ClientProtocol(uri, max_size=MAX_DATAGRAM, logger=_library_log)
        return PunchedClient(client, address, passwords, on_proved, on_lost)
    server = PunchedServer(
        ServerProtocol(max_size=MAX_DATAGRAM, logger=_library_log), address, passwords, on_proved, on_lost
    )
    server.asked = asked
    return server


def _said(headers: Headers) -> str:
    return _one(headers, tcp_proof.HEADER)


def _one(headers: Headers, name: str) -> str:
    """The header's value; nothing if it is not there exactly once."""
    try:
        return headers.get(name, "")
    except MultipleValuesError:
        return ""
