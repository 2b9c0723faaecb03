"""Where TCP connections wait until they have proved to be the other end's, or are closed."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable

from tunnel.links.tcp.punched import PunchedConnection, make
from tunnel.nat.stun import Address
from tunnel.nat.tcp.proof import Asked, Passwords


class Lobby:
    """Each connection has a number here.

    asks       whether this end is the WebSocket client
    on_proved  called with number and connection, which is no longer here then
    on_gone    called with the number of one that was closed instead, by either end
    asked      what this end has been asked before; to be kept from run to run
    """

    def __init__(
        self,
        *,
        asks: bool,
        on_proved: Callable[[int, PunchedConnection], None],
        on_gone: Callable[[int], None],
        asked: Asked,
    ) -> None:
        self._asks = asks
        self._asked = asked
        self._on_proved = on_proved
        self._on_gone = on_gone
        self._numbers = itertools.count()
        self._waiting: dict[int, PunchedConnection] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    async def enter(
        self, sock: socket.socket, address: Address, passwords: Callable[[], Passwords | None]
    ) -> int | None:
        """One more, to or from `address`. Returns its number, unless it is gone already."""
        id = next(self._numbers)
        connection = make(
            asks=self._asks,
            asked=self._asked,
            address=address,
            passwords=passwords,
            on_proved=lambda connection: self._proved(id, connection),
            on_lost=lambda _: self._gone(id),
        )
        self._waiting[id] = connection
        try:
            await asyncio.get_running_loop().create_connection(lambda: connection, sock=sock)
        except OSError:  # it was reset before it came to us
            self._waiting.pop(id, None)
            sock.close()
        except BaseException:
            self._waiting.pop(id, None)
            sock.close()
            raise
        return id if id in self._waiting else None

    def begin(self, id: int) -> None:
        """It is this one's turn to be asked."""
        if id in self._waiting:
            self._waiting[id].begin()

    def look_again(self) -> None:
        """More is known of the other end: some may be waiting for that."""
        for connection in list(self._waiting.values()):
            connection.look_again()

    def drop(self, id: int) -> None:
        """Closes one, without a word."""
        if id in self._waiting:
            self._waiting[id].abort()

    def clear(self) -> None:
        """Closes all."""
        for connection in list(self._waiting.values()):
            connection.abort()

    def _proved(self, id: int, connection: PunchedConnection) -> None:
        del self._waiting[id]
        self._on_proved(id, connection)

    def _gone(self, id: int) -> None:
        if self._waiting.pop(id, None) is not None:
            self._on_gone(id)
