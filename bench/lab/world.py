"""A small internet of network namespaces: hosts, real Linux routers with real NATs, relays on a public side.

                   relay   relay
                     |       |
      public ========+=======+========  203.0.113.0/24 (RFC 5737), 2001:db8::/64 (RFC 3849)
          |                       |
       router                  carrier     its own 100.64.0.0/24 (RFC 6598)
          |                       |
    192.168.1.0/24              router     every router comes out of its box with the same network
          |                       |
         host                    host

Every interface is made inside a namespace, and no namespace has a way out.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench.lab.machines import PREFIX, LabError, Machine, end, remove_all, remove_leftovers
from bench.lab.routers import Network, Router, bridge
from bench.lab.rules import Kind, Strangers

RELAY_PORT: Final = 9000  # of its URL; what puts a distance before it listens there
_OWN_PORT: Final = 9002  # where the relay itself listens
_FAR_MS: Final = 5.0  # how long a byte takes one way
_MARK: Final = 1  # of packets between the two, which look as if they came from a member
_READY_S: Final = 30.0


class Relay:
    """A real relay in a process of its own. `place`: where it answers members, and STUN."""

    def __init__(self, host: str, *processes: asyncio.subprocess.Process) -> None:
        self.place = host, RELAY_PORT
        self._processes = processes

    @property
    def url(self) -> str:
        """As in a configuration."""
        return f"ws://{_bare(self.place[0])}:{self.place[1]}"

    async def stop(self) -> None:
        """At once. Harmless to repeat."""
        for process in self._processes:
            await end(process)


class World:
    """The public side, and whatever is made around it. Made by `world()`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.relays: list[Relay] = []
        self._folder = folder
        self._machines: list[Machine] = []
        self._prefix = prefix
        self._numbers = itertools.count(1)
        self._public_numbers = itertools.count(2)  # 1 is the gateway; homes begin with 10
        self._public = self._machine("public")
        self._public.ip(*bridge("wire"))
        self._public.sysctl("net/ipv6/conf/all/forwarding", 1)  # between homes that have IPv6 networks
        self._public.sysctl("net/ipv4/ip_forward", 1)  # between its networks
        self._public.sysctl("net/ipv4/tcp_fwmark_accept", 1)  # what answers marked packets is marked
        self._public.lead_here(_MARK)
        self.ipv4 = Network(self._public, "wire", "203.0.113.")
        self.ipv6 = Network(self._public, "wire", "2001:db8::")

    def network(self, prefix: str) -> Network:
        """One more on the public side, for who must not have an address that is for documentation."""
        return Network(self._public, "wire", prefix)

    def host(self, network: Network) -> Machine:
        """A machine there."""
        machine = self._machine("host")
        network.plug_in(machine, "eth0")
        return machine

    def router(
        self, kind: Kind, above: Network | None = None, strangers: Strangers = Strangers.DROP
    ) -> Router:
        """A home router; `above` is where it is connected, the public side by default."""
        machine = self._machine("router")
        if kind is Kind.IPV6_ONLY:
            inside = f"2001:db8:{next(self._numbers)}::"
            return Router(machine, kind, above or self.ipv6, inside, strangers)
        return Router(machine, kind, above or self.ipv4, "192.168.1.", strangers)

    def carrier(self, kind: Kind) -> Router:
        """A router that has routers below it."""
        return Router(self._machine("carrier"), kind, self.ipv4, "100.64.0.")

    async def relay(self, network: Network) -> Relay:
        """A relay on the public side, with an address of its own; returns when it listens."""
        host = self._public_address(network)
        self._public.nft(
            _STUN.format(ip=_ip(host), address=host, host=_bare(host), port=RELAY_PORT, own=_OWN_PORT)
        )
        process = await self._run_relay(_bare(host))
        distance = await self._run_distance(host, host, _MARK)
        self.relays.append(Relay(host, process, distance))
        return self.relays[-1]

    async def relay_for_both(self) -> tuple[str, str]:
        """A relay with an IPv4 and an IPv6 address: its URLs. It answers no STUN."""
        process = await self._run_relay("localhost", stun=False)
        for network in (self.ipv4, self.ipv6):
            host = self._public_address(network)
            distance = await self._run_distance(host, "localhost", None)
            self.relays.append(Relay(host, process, distance))
        four, six = self.relays[-2:]
        return four.url, six.url

    def _public_address(self, network: Network) -> str:
        host = f"{network.prefix}{next(self._public_numbers)}"
        self._public.ip(f"addr add {host} dev wire")
        return host

    async def _run_relay(self, host: str, *, stun: bool = True) -> asyncio.subprocess.Process:
        name = f"relay{next(self._numbers)}"
        config = self._folder / f"{name}.yaml"
        config.write_text(
            f"listen: '{host}:{_OWN_PORT}'\nname: {name}\nopen: true\nstun: {str(stun).lower()}\n"
        )
        process = await self._public.start(sys.executable, "-m", "cli", "relay", "--config", str(config))
        assert process.stderr is not None
        async with asyncio.timeout(_READY_S):
            said = await process.stderr.readline()
        if b"listens" not in said:
            raise LabError(f"a relay says {said.decode(errors='replace').strip()!r} instead of listening")
        return process

    async def _run_distance(self, at: str, to: str, mark: int | None) -> asyncio.subprocess.Process:
        words = [
            at,
            str(RELAY_PORT),
            to,
            str(_OWN_PORT),
            str(_FAR_MS),
            *([] if mark is None else [str(mark)]),
        ]
        process = await self._public.start(sys.executable, "-m", "bench.lab.distance", *words)
        assert process.stdout is not None
        async with asyncio.timeout(_READY_S):
            await process.stdout.readline()
        return process

    def _machine(self, what: str) -> Machine:
        machine = Machine(f"{self._prefix}{what}{next(self._numbers)}")
        self._machines.append(machine)
        return machine

    async def close(self) -> None:
        """Ends every program, removes every namespace."""
        for machine in self._machines:
            await machine.remove()


@contextlib.asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """A world without relays or homes yet; `folder` is for its files. What dead runs left goes first."""
    remove_leftovers()
    prefix = f"{PREFIX}{os.getpid()}-{secrets.token_hex(3)}-"
    try:
        one = World(folder, prefix)
        try:
            yield one
        finally:
            await one.close()
    finally:
        remove_all(prefix)  # what is half-made too


def _bare(host: str) -> str:
    """As in a URL."""
    return f"[{host}]" if ":" in host else host


def _ip(host: str) -> str:
    """As nft says it."""
    return "ip6" if ":" in host else "ip"


# UDP goes to the relay itself, at either port.
_STUN: Final = """
table inet stun {{
  chain in {{ type nat hook prerouting priority dstnat
    {ip} daddr {address} udp dport {port} dnat {ip} to {host}:{own}
  }}
}}
"""
