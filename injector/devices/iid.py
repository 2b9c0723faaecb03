"""The device that speaks to other programs, in IID integers (`injector.iid.speech`).

A target is HOST:PORT of this machine, to which records go over UDP, or a server to log in to (`iid_server`).

Nothing in the format authenticates a sender, so a program that takes it over UDP must not be reachable from
outside either.
"""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Protocol

from config.codes import Control
from injector.devices.device import DeviceError
from injector.iid.speech import Speech
from injector.report import Report


class Server(Protocol):
    """Somebody who is told by other means than UDP; never raises, never waits."""

    def show(self, pad: int, report: Report) -> None:
        """This pad looks like this now."""

    def rest(self) -> None:
        """Every pad is at rest now."""

    def close(self) -> None:
        """Nothing more will come. Harmless to repeat."""


class IidDevice:
    """`targets` are HOST:PORT of this machine; `deny` are controls that are never pressed, whoever asks."""

    def __init__(
        self,
        targets: Sequence[str],
        pads: int,
        deny: Collection[Control] = (),
        servers: Sequence[Server] = (),
    ) -> None:
        """Raises DeviceError for a target that is not on this machine."""
        self.counters: Counter[str] = Counter()
        self._targets = [_loopback(target) for target in targets]
        self._servers = tuple(servers)
        self._speech = Speech(pads, deny)
        self._sockets = {family: _socket(family) for family in {family for family, _ in self._targets}}
        self._closed = False

    def apply(self, pad: int, report: Report) -> None:
        for server in self._servers:
            server.show(pad, report)
        for record in self._speech.say(pad, report):
            self._send(record)

    def neutral(self) -> None:
        if self._closed:
            return
        for server in self._servers:
            server.rest()
        for record in self._speech.rest():
            try:
                self._send(record)
            except OSError:
                self.counters["rest_not_sent"] += 1

    def close(self) -> None:
        self.neutral()
        self._closed = True
        for server in self._servers:
            server.close()
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    def _send(self, record: bytes) -> None:
        for family, address in self._targets:
            try:
                self._sockets[family].sendto(record, address)
            except ConnectionError:
                # Nobody listens there (Windows tells on the next send). The program may be started any time.
                self.counters["unreachable"] += 1


def _loopback(target: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        number = int(port)
    except ValueError as error:
        raise DeviceError(f"{target!r} is no HOST:PORT of this machine, such as 127.0.0.1:3615.") from error
    if not (address.is_loopback and 1 <= number <= 65_535):
        raise DeviceError(
            f"IID goes to a port of this machine only, such as 127.0.0.1:3615; not to {target}."
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return family, (str(address), number)


def _socket(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
