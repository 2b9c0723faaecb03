"""STUN over TCP, from the very port that is to be reached (RFC 8489, 6.2.2).

A connection stays open after the answer: many routers keep the port that they gave us only while some
connection uses it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

from tunnel.links.tcp.port import TcpPorts
from tunnel.nat import stun
from tunnel.nat.stun import Address, Message, StunError
from tunnel.nat.stun_stream import StunStream

_CONNECT_MS: Final = 1_500.0  # as long as a question is repeated (gathering.py)

OnAnswer = Callable[[Message, Address], None]


class StunOverTcp:
    """The connections to servers, one to each, from `ports`.

    on_answer  called on the loop with what a server says, and who that is
    """

    def __init__(self, ports: TcpPorts, on_answer: OnAnswer, counters: Counter[str]) -> None:
        self._ports = ports
        self._on_answer = on_answer
        self._counters = counters
        self._conversations: dict[Address, _Conversation] = {}

    def __len__(self) -> int:
        return len(self._conversations)

    def ask(self, server: Address, request: bytes) -> None:
        """Asks. The same question again means something only if the connection is gone: TCP repeats it."""
        conversation = self._conversations.get(server)
        if conversation is None:
            conversation = self._conversations[server] = _Conversation(
                server, self._on_answer, self._over, self._counters
            )
            conversation.begin(self._ports)
        conversation.ask(request)

    def close(self) -> None:
        """Ends all connections, by a reset."""
        for conversation in list(self._conversations.values()):
            conversation.end()
        self._conversations.clear()

    def _over(self, conversation: _Conversation) -> None:
        if self._conversations.get(conversation.server) is conversation:
            del self._conversations[conversation.server]


class _Conversation(asyncio.Protocol):
    """One connection."""

    def __init__(
        self,
        server: Address,
        on_answer: OnAnswer,
        on_over: Callable[[_Conversation], None],
        counters: Counter[str],
    ) -> None:
        self.server = server
        self._on_answer = on_answer
        self._on_over = on_over
        self._counters = counters
        self._stream = StunStream()
        self._request = b""
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, ports: TcpPorts) -> None:
        """Connects, by and by."""
        self._task = asyncio.create_task(self._connect(ports), name="stun over tcp")

    def ask(self, request: bytes) -> None:
        """This is the question, once there is a connection."""
        if request != self._request:
            self._request = request
            if self._transport is not None:
                self._transport.write(request)

    def end(self) -> None:
        """Whatever it is doing."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own class does not derive from the one it implements.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None, "data comes over a connection"
        if self._transport.is_closing():
            return
        self._stream.feed(data)
        try:
            while (message := self._stream.take()) is not None:
                self._on_answer(stun.parse(message), self.server)
        except StunError:
            self._counters["stun: nonsense"] += 1
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_over(self)

    async def _connect(self, ports: TcpPorts) -> None:
        try:
            sock = await ports.dial(self.server, _CONNECT_MS)
        except OSError:
            self._failed()
            return
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, sock=sock)
        except OSError:  # it was reset in the meantime
            sock.close()
            self._failed()
        except BaseException:
            sock.close()
            raise

    def _failed(self) -> None:
        self._counters["stun: no connection"] += 1
        self._on_over(self)
