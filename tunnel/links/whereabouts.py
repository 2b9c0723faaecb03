"""Tells the agent of one run where this end can be reached and whom to ask, whenever that changes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from tunnel.links.direct import DirectOptions
from tunnel.links.portmapper import RouterPorts
from tunnel.links.stun_servers import StunServers
from tunnel.links.surroundings import watch
from tunnel.nat.portmap import Mapped, Want
from tunnel.nat.portmap_message import Transport
from tunnel.nat.seeker import Seeker
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock


class Whereabouts:
    """numbers  our port of each version of IP that works here; IPv6 is True
    settle   called after the agent has been told something
    asked    the servers
    """

    def __init__(
        self,
        agent: Seeker,
        numbers: Mapping[bool, int],
        *,
        options: DirectOptions,
        servers: StunServers,
        clock: WallClock,
        settle: Callable[[], None],
    ) -> None:
        self.asked: tuple[Address, ...] = ()
        self._agent = agent
        self._numbers = dict(numbers)
        self._options = options
        self._servers = servers
        self._clock = clock
        self._settle = settle

    def helpers(
        self, transport: Transport, *, is_searching: Callable[[], bool]
    ) -> list[Coroutine[Any, Any, None]]:
        """What has to run as long as the agent is used."""
        helpers: list[Coroutine[Any, Any, None]] = [
            watch(self._options.hosts, self._servers, self._seen, is_searching=is_searching)
        ]
        if self._options.router and False in self._numbers:  # IPv6 needs no translation
            want = Want(transport, self._numbers[False])
            helpers.append(RouterPorts([want], self._clock, self._mapped).run())
        return helpers

    def _seen(self, hosts: Iterable[str], servers: Iterable[Address]) -> None:
        self.asked = tuple(servers)
        self._agent.set_servers(self.asked)
        numbers = [(host, self._numbers.get(":" in host)) for host in hosts]
        addresses = [(host, number) for host, number in numbers if number is not None]
        self._agent.set_hosts(addresses, self._clock.now())
        self._settle()

    def _mapped(self, opened: Mapping[Want, Mapped]) -> None:
        self._agent.set_mapped([mapped.outer for mapped in opened.values()], self._clock.now())
        self._settle()
