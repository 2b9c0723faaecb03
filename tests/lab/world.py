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

Nothing here touches the machine's own network: each interface is made inside a namespace, and no namespace
has a way out. Their names hold the number of the process that made them, so whatever a killed run has left
is known by that, and the next run removes it. Needs root.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import functools
import itertools
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
RELAY_PORT: Final = 9000
# Where what puts a distance before each relay listens, and how long a byte takes one way.
_FAR_PORT: Final = 9001
_FAR_MS: Final = 5.0

_PREFIX: Final = "crowdpad-lab-"
_READY_S: Final = 30.0
_END_S: Final = 10.0
# No resolver is reachable, so the machine's name must not be looked up: here every machine is localhost.
# The child dies with us, however we end.
_ENTER: Final = (
    "setpriv", "--pdeathsig", "KILL", "unshare", "--uts",
    "sh", "-c", 'echo localhost >/proc/sys/kernel/hostname && exec "$@"', "sh", "ip", "netns", "exec",
)  # fmt: skip


class Kind(enum.StrEnum):
    """What a router does, as RFC 4787 would say it, in the old words that everybody knows."""

    FULL_CONE = "full cone"  # one port for all destinations, lets in everybody
    ADDRESS_RESTRICTED = "address-restricted"  # lets in addresses that were called
    PORT_RESTRICTED = "port-restricted"  # lets in addresses and ports that were called
    SYMMETRIC = "symmetric"  # another port for each destination, lets in who was called from it
    NO_UDP = "UDP dropped"
    IPV6_ONLY = "IPv6 only"  # no translation; lets in who was called


class LabError(Exception):
    """The kernel or a program did not do what the laboratory asked for."""


@functools.cache
def why_not() -> str | None:
    """What keeps this machine from having a laboratory; None: nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "the laboratory needs Linux and root: it makes network namespaces"
    missing = [tool for tool in ("ip", "nft", "setpriv", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"the laboratory needs {', '.join(missing)} (Debian: iproute2 nftables util-linux)"
    name = f"{_PREFIX}{os.getpid()}-try"
    try:
        _run("ip", "netns", "add", name)
        _run("ip", "netns", "exec", name, "nft", "add table ip try")
    except LabError as error:
        return f"the laboratory needs network namespaces and nftables: {error}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None


class Machine:
    """One namespace: a host, a router, or the public side."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._programs: list[asyncio.subprocess.Process] = []
        _run("ip", "netns", "add", name)
        self.ip("link set lo up")
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)  # an address works at once

    def ip(self, *commands: str) -> None:
        """What follows `ip` on a command line."""
        _run("ip", "-n", self.name, "-batch", "-", text="\n".join(commands))

    def nft(self, rules: str) -> None:
        """What a file for `nft -f` says."""
        _run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def sysctl(self, path: str, value: int) -> None:
        """One setting of this namespace's network."""
        _run("ip", "netns", "exec", self.name, "tee", f"/proc/sys/{path}", text=str(value))

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        """A program on this machine, with pipes; it ends when this process does, at the latest."""
        program = await asyncio.create_subprocess_exec(
            *_ENTER, self.name, *command, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._programs.append(program)
        return program

    async def remove(self) -> None:
        """With all programs on it."""
        for program in self._programs:
            await end(program)
        _remove([self.name])


class Network:
    """A segment: a bridge on one machine. `prefix` is all of an address but its last number."""

    def __init__(self, machine: Machine, bridge: str, prefix: str) -> None:
        self.machine = machine
        self.prefix = prefix
        self.gateway = f"{prefix}1"
        self._bridge = bridge
        self._numbers = itertools.count(10)
        machine.ip(f"addr add {self.gateway}/{self._length} dev {bridge}")

    @property
    def _length(self) -> int:
        return 64 if ":" in self.prefix else 24

    def plug_in(self, machine: Machine, device: str) -> str:
        """A cable from `device` of a machine. Returns its address here; the gateway is its way out."""
        number = next(self._numbers)
        port = f"p{number}{'s' if ':' in self.prefix else 'f'}"
        here = self.machine.name
        _run("ip", "link", "add", device, "netns", machine.name, "type", "veth", "peer", "name", port,
             "netns", here)  # fmt: skip
        self.machine.ip(f"link set {port} master {self._bridge}", f"link set {port} up")
        address = f"{self.prefix}{number}"
        machine.ip(f"addr add {address}/{self._length} dev {device}", f"link set {device} up")
        self.lead_out(machine, device)
        return address

    def renumber(self, machine: Machine, device: str, address: str) -> str:
        """Another address instead of this one, which it returns."""
        machine.ip(f"addr del {address}/{self._length} dev {device}")
        address = f"{self.prefix}{next(self._numbers)}"
        machine.ip(f"addr add {address}/{self._length} dev {device}")
        self.lead_out(machine, device)
        return address

    def lead_out(self, machine: Machine, device: str) -> None:
        """Its default route."""
        machine.ip(f"route replace default via {self.gateway} dev {device}")


class Router:
    """A home router, or a carrier's. `inside` is its own network."""

    def __init__(self, machine: Machine, kind: Kind, above: Network, inside: str) -> None:
        self.kind = kind
        self._machine = machine
        self._above = above
        machine.ip("link add lan type bridge", "link set lan up")
        self.inside = Network(machine, "lan", inside)
        if kind is Kind.IPV6_ONLY:
            machine.sysctl("net/ipv6/conf/all/forwarding", 1)
        else:
            machine.sysctl("net/ipv4/ip_forward", 1)
        self.address = above.plug_in(machine, "wan")
        if kind is Kind.IPV6_ONLY:
            above.machine.ip(f"route add {inside}/64 via {self.address}")
        machine.nft(_RULES[kind])

    def reboot(self) -> None:
        """The outer cable is out and in again: the kernel forgets every mapping that leads through it."""
        self._machine.ip("link set wan down")
        if self.kind in (Kind.FULL_CONE, Kind.ADDRESS_RESTRICTED):
            self._machine.nft("flush map ip nat mapped")
        self._machine.ip("link set wan up")
        self._above.lead_out(self._machine, "wan")

    def move(self) -> None:
        """The provider gives it another address; the kernel forgets what it kept for the old one."""
        self.address = self._above.renumber(self._machine, "wan", self.address)

    def block_udp(self) -> None:
        """From now on nothing but TCP passes."""
        self._machine.nft(_BLOCK)

    def unblock_udp(self) -> None:
        """As before."""
        self._machine.nft("delete table inet block")


class Relay:
    """A real relay in a process of its own."""

    def __init__(self, url: str, *processes: asyncio.subprocess.Process) -> None:
        self.url = url
        self._processes = processes

    async def stop(self) -> None:
        """At once. Harmless to repeat."""
        for process in self._processes:
            await end(process)


class World:
    """The public side, and whatever is made around it. Made by `world()`."""

    def __init__(self, folder: Path) -> None:
        self.relays: list[Relay] = []
        self._folder = folder
        self._machines: list[Machine] = []
        self._prefix = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(3)}-"
        self._numbers = itertools.count(1)
        self._public = self._machine("public")
        self._public.ip("link add wire type bridge", "link set wire up")
        self._public.sysctl("net/ipv6/conf/all/forwarding", 1)  # between homes that have IPv6 networks
        self.ipv4 = Network(self._public, "wire", "203.0.113.")
        self.ipv6 = Network(self._public, "wire", "2001:db8::")

    def host(self, network: Network) -> Machine:
        """A machine there."""
        machine = self._machine("host")
        network.plug_in(machine, "eth0")
        return machine

    def router(self, kind: Kind, above: Network | None = None) -> Router:
        """A home router; `above` is where it is connected, the public side by default."""
        machine = self._machine("router")
        if kind is Kind.IPV6_ONLY:
            return Router(machine, kind, above or self.ipv6, f"2001:db8:{next(self._numbers)}::")
        return Router(machine, kind, above or self.ipv4, "192.168.1.")

    def carrier(self, kind: Kind) -> Router:
        """A router that has routers below it."""
        return Router(self._machine("carrier"), kind, self.ipv4, "100.64.0.")

    async def relay(self, network: Network) -> Relay:
        """A relay on the public side, with an address of its own; returns when it listens."""
        name = f"relay{len(self.relays)}"
        host = f"{network.prefix}{2 + len(self.relays)}"
        self._public.ip(f"addr add {host} dev wire")
        written = f"[{host}]" if ":" in host else host
        place = f"{written}:{RELAY_PORT}"
        self._public.nft(
            _FAR.format(
                ip="ip6" if ":" in host else "ip", address=host, host=written, port=RELAY_PORT, far=_FAR_PORT
            )
        )
        config = self._folder / f"{name}.yaml"
        config.write_text(f"listen: '{place}'\nname: {name}\nopen: true\n")
        process = await self._public.start(sys.executable, "-m", "cli", "relay", "--config", str(config))
        distance = await self._public.start(
            sys.executable, "-m", "tests.lab.distance", host, str(_FAR_PORT), str(RELAY_PORT), str(_FAR_MS)
        )
        self.relays.append(Relay(f"ws://{place}", process, distance))
        assert process.stderr is not None
        assert distance.stdout is not None
        async with asyncio.timeout(_READY_S):
            said = await process.stderr.readline()
            await distance.stdout.readline()
        if b"listens" not in said:
            raise LabError(f"a relay says {said.decode(errors='replace').strip()!r} instead of listening")
        return self.relays[-1]

    def _machine(self, what: str) -> Machine:
        machine = Machine(f"{self._prefix}{what}{next(self._numbers)}")
        self._machines.append(machine)
        return machine

    async def close(self) -> None:
        """Ends every program, removes every namespace."""
        for machine in self._machines:
            await machine.remove()
        _remove([name for name in _namespaces() if name.startswith(self._prefix)])  # half-made ones


@contextlib.asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """A world without relays or homes yet; `folder` is for its files. What dead runs left goes first."""
    _remove([name for name in _namespaces() if _is_orphan(name)])
    one = World(folder)
    try:
        yield one
    finally:
        await one.close()


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends a program we started, and waits for that. Harmless to repeat."""
    if process.returncode is None:
        process.kill()
    async with asyncio.timeout(_END_S):
        await process.wait()


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")


def _namespaces() -> list[str]:
    """Those of all laboratories on this machine."""
    try:
        return [name for name in os.listdir("/run/netns") if name.startswith(_PREFIX)]
    except FileNotFoundError:
        return []


def _is_orphan(name: str) -> bool:
    owner = re.match(rf"{_PREFIX}(\d+)-", name)
    return owner is not None and not Path("/proc", owner[1]).exists()


def _remove(names: list[str]) -> None:
    """Two runs may remove the same leftovers, so one that is gone already is fine."""
    for name in names:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


# A mapping is the inner host's port itself, unless another host has it. Linux filters by address and port
# whatever it translates; to let in more, these remember who sends from which port, and lead newcomers there.
# Like every home router they keep silent about what they do not expect. Without that Linux would note
# the stranger's packet as a conversation with the router itself, and give the host's own answer another port.
_NAT: Final = """
table ip nat {{
  map mapped {{ type {key} : ipv4_addr; flags dynamic, timeout; timeout 1m; }}
  chain out {{ type filter hook forward priority filter
    oifname wan meta l4proto udp update @mapped {{ {learn} : ip saddr }}
  }}
  chain strangers {{ type filter hook input priority filter
    iifname wan ct state new drop
  }}
  chain in {{ type nat hook prerouting priority dstnat
    iifname wan meta l4proto udp dnat to {look} map @mapped
  }}
  chain translate {{ type nat hook postrouting priority srcnat
    oifname wan masquerade
  }}
}}
"""
_PLAIN: Final = """
table ip nat {{
  chain through {{ type filter hook forward priority filter
    {forward}
  }}
  chain strangers {{ type filter hook input priority filter
    iifname wan ct state new drop
  }}
  chain translate {{ type nat hook postrouting priority srcnat
    oifname wan {masquerade}
  }}
}}
"""
_RULES: Final = {
    Kind.FULL_CONE: _NAT.format(key="inet_service", learn="udp sport", look="udp dport"),
    Kind.ADDRESS_RESTRICTED: _NAT.format(
        key="ipv4_addr . inet_service", learn="ip daddr . udp sport", look="ip saddr . udp dport"
    ),
    Kind.PORT_RESTRICTED: _PLAIN.format(forward="", masquerade="masquerade"),
    Kind.SYMMETRIC: _PLAIN.format(forward="", masquerade="masquerade fully-random"),
    Kind.NO_UDP: _PLAIN.format(forward="meta l4proto udp drop", masquerade="masquerade"),
    Kind.IPV6_ONLY: """
table ip6 wall {
  chain through { type filter hook forward priority filter
    iifname wan ct state new drop
  }
}
""",
}
_BLOCK: Final = """
table inet block {
  chain through { type filter hook forward priority -10
    meta l4proto udp drop
  }
}
"""
# TCP alone: UDP goes to the relay itself.
_FAR: Final = """
table inet far {{
  chain in {{ type nat hook prerouting priority dstnat
    {ip} daddr {address} tcp dport {port} dnat {ip} to {host}:{far}
  }}
}}
"""
