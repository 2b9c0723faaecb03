"""One TCP port from which we listen and dial at the same time, as punching holes needs it.

The sockets share the port by SO_REUSEADDR and, where the system has it, SO_REUSEPORT: with both Linux and
macOS let sockets of one user share a port that one of them listens at. Windows has only the former, which
there means what both mean elsewhere, but for anybody: another program of the machine may bind the port too,
and the system chooses who gets a connection. What it gets is nothing without a proof.

Every socket ends by a reset (SO_LINGER 0): the four numbers of a connection that ended politely stay blocked
for a minute at one of its ends (TIME-WAIT), and the next round needs them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tunnel.links.ports import some
from tunnel.links.tcp.visitors import Visitors
from tunnel.nat import stun
from tunnel.nat.candidates import is_ipv6
from tunnel.nat.stun import Address

_log = logging.getLogger(__name__)

OnSocket = Callable[[socket.socket, Address], None]
IsExpected = Callable[[str], bool]  # whether the other end names this host

_BACKLOG: Final = 8  # as many as may be unproved
_BREATH_S: Final = 0.5  # after the system could not give us a connection: it is out of descriptors, say
# Errors of `accept` that are the connection's own, so that the next one may be well (accept(2)); besides,
# every ConnectionError. Windows has one more for a connection that was reset before it could be given to us.
_OF_THE_CONNECTION: Final = frozenset(
    {errno.EPROTO, errno.ENOPROTOOPT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
)
_WINDOWS_RESET: Final = 64  # ERROR_NETNAME_DELETED, which it also calls EINVAL
# Data that nobody acknowledges for so long ends the connection: as long as our pings take to (strangers.py).
_USER_TIMEOUT_MS: Final = 15_000
_RESET: Final = struct.pack("ii", 1, 0)
_RESET_WINDOWS: Final = struct.pack("HH", 1, 0)


class TcpPort:
    """A port of one version of IP, made by `open_port`. `close` is harmless to repeat."""

    def __init__(self, listener: socket.socket, counters: Counter[str]) -> None:
        """Takes over a listening socket."""
        self.is_ipv6 = listener.family == socket.AF_INET6
        self.port: int = listener.getsockname()[1]
        self._host: str = listener.getsockname()[0]
        self._listener = listener
        self._counters = counters
        self._closed = False
        self._visitors = Visitors()

    async def listen(self, on_socket: OnSocket, is_expected: IsExpected = lambda host: False) -> None:
        """Hands over the connections that come, with their source. Ends when the port is closed.

        Strangers who come too often are closed as they come; a source that `is_expected` is no stranger.
        """
        loop = asyncio.get_running_loop()
        while not self._closed:
            try:
                sock, peer = await loop.sock_accept(self._listener)
            except OSError as error:
                if not self._closed:
                    self._counters["accept_failed"] += 1
                    await asyncio.sleep(0 if _is_of_the_connection(error) else _BREATH_S)
                continue
            source = _address(peer)
            if is_expected(source[0]) or self._visitors.may_enter(source[0], loop.time() * 1000):
                prepare(sock)
                on_socket(sock, source)
            else:
                self._counters["dropped: connections over the rate"] += 1
                sock.close()
            await asyncio.sleep(0)  # the next one may be here already, and others want their turn

    async def dial(self, address: Address, deadline_ms: float) -> socket.socket:
        """A connection from this port to there. Raises OSError, and TimeoutError, which is one."""
        sock = _bound(self._host, self.port)
        try:
            async with asyncio.timeout(deadline_ms / 1000):
                await asyncio.get_running_loop().sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
        prepare(sock)
        return sock

    def close(self) -> None:
        """Nobody can connect any more; connections that are there stay.

        Cancel `listen` first, and await it: the loop watches a number, which the next socket may get.
        """
        self._closed = True
        self._listener.close()


class TcpPorts:
    """One for each version of IP that works here, made by `open_ports`. In `numbers` IPv6 is True."""

    def __init__(self, ports: Mapping[bool, TcpPort]) -> None:
        self._ports = ports
        self.numbers = {is_ipv6: port.port for is_ipv6, port in ports.items()}

    async def listen(self, on_socket: OnSocket, is_expected: IsExpected = lambda host: False) -> None:
        """See TcpPort.listen."""
        await asyncio.gather(*[port.listen(on_socket, is_expected) for port in self._ports.values()])

    async def dial(self, address: Address, deadline_ms: float) -> socket.socket:
        """See TcpPort.dial."""
        port = self._ports.get(is_ipv6(address))
        if port is None:
            raise OSError(errno.EAFNOSUPPORT, "this version of IP does not work here")
        return await port.dial(address, deadline_ms)

    def close(self) -> None:
        """See TcpPort.close."""
        for port in self._ports.values():
            port.close()


def open_ports(hosts: Iterable[str], allowed: tuple[int, int] | None, counters: Counter[str]) -> TcpPorts:
    """Listens at each of `hosts`, at most one of each version of IP. Raises OSError if none works.

    allowed  the lowest and highest port; None: any
    """
    failure = OSError("no version of IP works here")
    ports: dict[bool, TcpPort] = {}
    for host in hosts:
        try:
            port = open_port(host, some(allowed), counters)
            ports[port.is_ipv6] = port
        except OSError as error:
            failure = error
    if not ports:
        raise failure
    return TcpPorts(ports)


def open_port(host: str, ports: range, counters: Counter[str]) -> TcpPort:
    """Listens at `host` (an address of either version), at the first port of `ports` that is free; 0 is any.

    Raises OSError: that of the last port.
    """
    failure = OSError("there is no port to try")
    for port in ports:
        try:
            sock = _bound(host, _free(host, port))
        except OSError as error:
            failure = error
            continue
        try:
            sock.listen(_BACKLOG)
            return TcpPort(sock, counters)
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def prepare(sock: socket.socket) -> None:
    """What every connection needs: no delay for small datagrams, an end for a line that is dead."""
    sock.setblocking(False)
    _set(sock, socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WINDOWS if _is_windows() else _RESET)
    _set(sock, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        _set(sock, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)


def _free(host: str, port: int) -> int:
    """This port, if nobody listens at it: with all the options below we would share somebody else's."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        if not _is_windows():  # where it ignores only what lingers of connections long closed
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _only_ipv6(probe)
        probe.bind((host, port))
        probe.listen(1)  # Linux notices some of those who share only now
        free: int = probe.getsockname()[1]
        return free


def _bound(host: str, port: int) -> socket.socket:
    """A socket at this port, which it shares with our others."""
    sock = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _only_ipv6(sock)
        prepare(sock)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _only_ipv6(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _set(sock: socket.socket, level: int, option: int, value: Any) -> None:
    try:
        sock.setsockopt(level, option, value)
    except OSError as error:  # the connection is gone already, or the system does not know this one
        _log.debug("An option of a socket cannot be set: %s", error)


def _is_of_the_connection(error: OSError) -> bool:
    return (
        isinstance(error, ConnectionError)
        or error.errno in _OF_THE_CONNECTION
        or getattr(error, "winerror", None) == _WINDOWS_RESET
    )


def _is_windows() -> bool:
    return not hasattr(socket, "SO_REUSEPORT") and hasattr(socket, "SO_EXCLUSIVEADDRUSE")


def _address(source: Any) -> Address:
    return stun.address(str(source[0]), int(source[1]))
