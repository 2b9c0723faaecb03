"""Watching the network before us: whom it asks, when, and what it keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from cli.diary.network_watch import AGAIN_MS, NetworkWatch
from tunnel.nat.behaviour import Behaviour, MappingKind
from tunnel.nat.stun import Address
from tunnel.wallclock import WallClock

BEHIND_A_ROUTER = Behaviour(udp=True, nat=True, mapping=MappingKind.ENDPOINT_INDEPENDENT)
SERVERS: list[Address] = [("192.0.2.1", 3478), ("2001:db8::1", 3478), ("192.0.2.2", 3478)]


class HandClock(WallClock):
    """Stands still until it is moved."""

    ms = 1_000.0

    def now(self) -> float:
        return self.ms


class World:
    """A network that remembers who was asked."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.hosts: list[str] = ["192.168.1.20"]
        self.places = [("relay.example", 443)]
        self.servers = SERVERS
        self.asked: list[list[Address]] = []
        self.broken = False
        self.watch = NetworkWatch(
            lambda: self.places, self.clock, hosts=self._hosts, find=self._find, ask=self._ask
        )

    def look(self) -> bool:
        return asyncio.run(self.watch.look())

    def _hosts(self) -> Sequence[str]:
        return self.hosts

    async def _find(self, places: Iterable[tuple[str, int]]) -> Sequence[Address]:
        assert list(places) == self.places
        return self.servers

    async def _ask(self, servers: Iterable[Address], clock: WallClock) -> Behaviour:
        self.asked.append(list(servers))
        if self.broken:
            raise OSError("no such protocol")
        return BEHIND_A_ROUTER


def test_servers_are_asked_at_the_start_and_an_hour_later() -> None:
    world = World()
    assert world.look()
    world.clock.ms += AGAIN_MS - 1
    assert not world.look()
    world.clock.ms += 1
    assert world.look()


def test_another_address_makes_it_ask_anew() -> None:
    world = World()
    assert world.look()
    world.hosts = ["10.0.0.7"]
    assert world.look()
    assert world.watch.entries[0].hosts == ("10.0.0.7",)


def test_another_server_makes_it_ask_anew() -> None:
    world = World()
    assert world.look()
    world.places = [("relay.example", 3478)]
    assert world.look()
    assert not world.look()


def test_each_version_of_ip_that_the_machine_has_asks_its_own_servers() -> None:
    world = World()
    world.look()
    assert world.asked == [[SERVERS[0], SERVERS[2]]]
    world.hosts = ["192.168.1.20", "2001:db8::20", "127.0.1.1", "fe80::1"]
    world.look()
    assert world.asked[1:] == [[SERVERS[0], SERVERS[2]], [SERVERS[1]]]
    assert [(entry.ip, entry.hosts, entry.servers) for entry in world.watch.entries] == [
        (4, ("192.168.1.20",), 2),
        (6, ("2001:db8::20",), 1),
    ]
    assert world.watch.entries[0].mapping is MappingKind.ENDPOINT_INDEPENDENT


def test_where_there_is_nobody_to_ask_that_is_what_is_known() -> None:
    world = World()
    world.servers = []
    world.look()
    assert world.asked == []
    assert [(entry.servers, entry.udp) for entry in world.watch.entries] == [(0, False)]


def test_a_version_of_ip_that_gives_no_socket_is_left_out() -> None:
    world = World()
    world.broken = True
    assert world.look()
    assert world.watch.entries == ()
