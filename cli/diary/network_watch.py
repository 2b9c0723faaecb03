"""Watches what the network before this machine does to addresses, for people: it decides nothing.

Servers are asked a little after the start, when they or our own addresses have changed, and once an hour: a
router may be exchanged, a phone may take its place. See tunnel/links/surveyor.py for what leaves.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Literal, NoReturn

from cli.diary.page import NetworkEntry, network_entry
from tunnel.links.places import resolve, routed_hosts
from tunnel.links.surveyor import survey
from tunnel.nat.behaviour import Behaviour
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock

# The direct paths' own questions go first: what people read can wait.
FIRST_S: Final = 3.0
LOOK_S: Final = 30.0
AGAIN_MS: Final = 3_600_000.0

Place = tuple[str, int]
_VERSIONS: Final[tuple[Literal[4, 6], ...]] = (4, 6)


class NetworkWatch:
    """`entries` is what was found last, by version of IP; a version that this machine lacks has none."""

    def __init__(
        self,
        places: Callable[[], Sequence[Place]],
        clock: WallClock,
        *,
        hosts: Callable[[], Sequence[str]] = routed_hosts,
        find: Callable[[Iterable[Place]], Awaitable[Sequence[Address]]] = resolve,
        ask: Callable[[Iterable[Address], WallClock], Awaitable[Behaviour]] = survey,
    ) -> None:
        """places  the STUN servers' hosts and ports, relays among them, as far as they are known by now"""
        self.entries: tuple[NetworkEntry, ...] = ()
        self._places = places
        self._clock = clock
        self._own_hosts, self._find, self._survey = hosts, find, ask
        self._before: object = None  # our addresses and the servers, when last asked
        self._asked = float("-inf")

    async def keep(self) -> NoReturn:
        """Until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> bool:
        """Asks if it is time to. Returns whether it was."""
        hosts, places, now = tuple(self._own_hosts()), tuple(self._places()), self._clock.now()
        if (hosts, places) == self._before and now < self._asked + AGAIN_MS:
            return False
        self._before, self._asked = (hosts, places), now
        servers = await self._find(places)
        found = await asyncio.gather(*[self._ask(version, hosts, servers) for version in _VERSIONS])
        self.entries = tuple(entry for entry in found if entry is not None)
        return True

    async def _ask(
        self, version: Literal[4, 6], hosts: Sequence[str], servers: Sequence[Address]
    ) -> NetworkEntry | None:
        own = [host for host in hosts if _version(host) == version and _reaches_out(host)]
        if not own:
            return None
        alike = [server for server in servers if _version(server[0]) == version]
        try:
            found = await self._survey(alike, self._clock) if alike else Behaviour()
        except OSError:
            return None  # the address is there, but no socket of that version may be opened
        return network_entry(version, own, len(alike), found)


def _version(host: str) -> Literal[4, 6]:
    return 6 if ":" in host else 4


def _reaches_out(host: str) -> bool:
    ip = ipaddress.ip_address(host)
    return not (ip.is_loopback or ip.is_link_local)
