"""Machines that are network namespaces, and programs on them. Needs Linux and root.

Nothing here touches the machine's own network. The names hold the number of the process that made them, so
whatever a killed run has left is known by that, and the next run removes it.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PREFIX: Final = "crowdpad-lab-"  # of every namespace of every laboratory

_ROOT: Final = Path(__file__).resolve().parents[2]
_END_S: Final = 10.0
# No resolver is reachable, so the machine's name must not be looked up: here every machine is localhost.
# The child dies with us, however we end.
_ENTER: Final = (
    "setpriv", "--pdeathsig", "KILL", "unshare", "--uts",
    "sh", "-c", 'echo localhost >/proc/sys/kernel/hostname && exec "$@"', "sh", "ip", "netns", "exec",
)  # fmt: skip


class LabError(RuntimeError):
    """The kernel or a program did not do what the laboratory asked for."""


@functools.cache
def why_not() -> str | None:
    """What keeps this machine from having a laboratory; None: nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "the laboratory needs Linux and root: it makes network namespaces"
    missing = [tool for tool in ("ip", "nft", "setpriv", "unshare") if shutil.which(tool) is None]
    if missing:
        return f"the laboratory needs {', '.join(missing)} (Debian: iproute2 nftables util-linux)"
    name = f"{PREFIX}{os.getpid()}-try"
    try:
        run("ip", "netns", "add", name)
        run("ip", "netns", "exec", name, "nft", "add table ip try")
    except LabError as error:
        return f"the laboratory needs network namespaces and nftables: {error}"
    finally:
        remove(name)
    return None


class Machine:
    """One namespace: a host, a router, or the public side."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._programs: list[asyncio.subprocess.Process] = []
        run("ip", "netns", "add", name)
        self.ip("link set lo up")
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)  # an address works at once

    def ip(self, *commands: str) -> None:
        """What follows `ip` on a command line."""
        run("ip", "-n", self.name, "-batch", "-", text="\n".join(commands))

    def nft(self, rules: str) -> str:
        """What a file for `nft -f` says. Returns what that lists, if anything."""
        return run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def lead_here(self, mark: int) -> None:
        """Packets with this mark are for this machine, whatever their address says."""
        for version, everywhere in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
            ip = ("ip", version, "-n", self.name)
            run(*ip, "rule", "add", "fwmark", str(mark), "lookup", str(mark))
            run(*ip, "route", "add", "local", everywhere, "dev", "lo", "table", str(mark))

    def sysctl(self, path: str, value: int) -> None:
        """One setting of this namespace's network."""
        run("ip", "netns", "exec", self.name, "tee", f"/proc/sys/{path}", text=str(value))

    def sent_bytes(self, device: str = "eth0") -> int:
        """What has left by this device, with all headers."""
        said = run("ip", "-n", self.name, "-json", "-statistics", "link", "show", device)
        return int(json.loads(said)[0]["stats64"]["tx"]["bytes"])

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        """A program on this machine, with pipes; it ends when this process does, at the latest.

        Cancelling waits until it runs.
        """
        starting = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *_ENTER, self.name, *command, cwd=_ROOT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        try:
            # Python 3.11 waits for ever for a program whose start is cancelled half-way.
            await asyncio.shield(starting)
        finally:
            self._programs.append(await starting)
        return starting.result()

    async def remove(self) -> None:
        """With all programs on it."""
        for program in self._programs:
            await end(program)
        remove(self.name)


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends a program we started, and waits for that. Harmless to repeat."""
    if process.returncode is None:
        process.kill()
    async with asyncio.timeout(_END_S):
        await process.wait()


def run(*command: str, text: str = "") -> str:
    """One short command. Returns what it prints; LabError with what it complains of if it fails."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(command)}: {done.stderr.strip()}\n{text}")
    return done.stdout


def cpu_s(pid: int) -> float:
    """What a running process has computed until now, in seconds. OSError if it is gone."""
    stat = Path("/proc", str(pid), "stat").read_text(encoding="ascii")
    user, system = stat.rpartition(")")[2].split()[11:13]  # the name before it may hold anything
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def remove_leftovers() -> None:
    """Namespaces of laboratories whose process is gone."""
    for name in _namespaces():
        owner = re.match(rf"{PREFIX}(\d+)-", name)
        if owner is not None and not Path("/proc", owner[1]).exists():
            remove(name)


def remove_all(prefix: str) -> None:
    """Those whose names begin so."""
    for name in _namespaces():
        if name.startswith(prefix):
            remove(name)


def remove(name: str) -> None:
    """Two runs may remove the same leftovers, so one that is gone already is fine."""
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _namespaces() -> list[str]:
    """Those of all laboratories on this machine."""
    try:
        return [name for name in os.listdir("/run/netns") if name.startswith(PREFIX)]
    except FileNotFoundError:
        return []
