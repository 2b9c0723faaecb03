"""A UDP socket that nothing on the network can end.

Whoever punches holes is told "port unreachable" all the time. On Windows the next read then fails, and
asyncio's own datagram transport stops reading for good (cpython#91227, #127057). So the socket is read here:
by the loop where it can watch sockets, else by a thread. An error is counted, and reading goes on.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from tunnel.nat import stun
from tunnel.nat.stun import Address

OnDatagram = Callable[[bytes, Address], None]

_LONGEST: Final = 2_048  # more than any datagram of ours; the rest of a longer one is cut off, and it is junk
# Datagrams taken in one turn of the loop, so that a flood here leaves the other paths their turns.
_PER_TURN: Final = 64
_PATIENCE_S: Final = 0.5  # how soon the thread notices that it is to end


class Datagrams:
    """One socket of one version of IP, made by `open_datagrams`. `close` is harmless to repeat."""

    def __init__(self, sock: socket.socket, on_datagram: OnDatagram, counters: Counter[str]) -> None:
        """Takes over a bound socket. Call on the loop; `on_datagram` is called on it and must not wait."""
        self.is_ipv6 = sock.family == socket.AF_INET6
        self.port: int = sock.getsockname()[1]
        self._sock = sock
        self._on_datagram = on_datagram
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._thread: threading.Thread | None = None
        sock.setblocking(False)
        try:
            self._loop.add_reader(sock, self._readable)
        except NotImplementedError:
            self._pending = threading.BoundedSemaphore(_PER_TURN)
            self._thread = threading.Thread(
                target=self._read_for_ever, args=(sock.dup(),), name="udp", daemon=True
            )
            self._thread.start()

    def send(self, data: bytes, to: Address) -> None:
        """Never waits, never raises: what cannot leave is counted."""
        try:
            self._sock.sendto(data, to)
        except BlockingIOError:
            self._counters["dropped_queue"] += 1
        except OSError:  # no route, a firewall's "no", an address nobody can have
            self._counters["send_failed"] += 1

    def close(self) -> None:
        """Frees the port, at once or as soon as the thread notices."""
        if self._closed:
            return
        self._closed = True
        if self._thread is None:
            self._loop.remove_reader(self._sock)
        self._sock.close()

    def _readable(self) -> None:
        for _ in range(_PER_TURN):
            try:
                data, source = self._sock.recvfrom(_LONGEST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._counters["receive_failed"] += 1
                continue
            self._came(data, source)
            if self._closed:
                return

    def _read_for_ever(self, reader: socket.socket) -> None:
        """The same in a thread of its own."""
        with reader:
            reader.settimeout(_PATIENCE_S)
            while not self._closed:
                try:
                    data, source = reader.recvfrom(_LONGEST)
                except TimeoutError:
                    continue
                except OSError:
                    self._counters["receive_failed"] += 1
                    continue
                # A loop that is behind makes the thread wait, and the system drop: nothing grows.
                if self._pending.acquire(timeout=_PATIENCE_S):
                    self._hand_over(data, source)
                else:
                    self._counters["dropped_queue"] += 1

    def _hand_over(self, data: bytes, source: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._came_by_thread, data, source)
        except RuntimeError:
            self._closed = True  # the loop is gone, and nobody closed us

    def _came_by_thread(self, data: bytes, source: Any) -> None:
        self._pending.release()
        if not self._closed:
            self._came(data, source)

    def _came(self, data: bytes, source: Any) -> None:
        # IPv4 comes spelled as we spell it; IPv6 may bring a scope.
        address = stun.address(source[0], source[1]) if self.is_ipv6 else (source[0], source[1])
        self._on_datagram(data, address)


def open_datagrams(host: str, ports: range, on_datagram: OnDatagram, counters: Counter[str]) -> Datagrams:
    """Binds `host` (an address of either version) to the first port of `ports` that is free; 0 is any.

    Raises OSError: that of the last port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    failure = OSError("there is no port to try")
    for port in ports:
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((host, port))
            return Datagrams(sock, on_datagram, counters)
        except OSError as error:
            sock.close()
            failure = error
    raise failure
