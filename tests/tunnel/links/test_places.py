from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import NoReturn

import pytest

from tunnel.links.places import Foreign, own_hosts, relay_places, resolve, routed_hosts
from tunnel.nat.stun import Address


def test_own_addresses_are_addresses_each_once() -> None:
    hosts = asyncio.run(own_hosts())
    assert len(set(hosts)) == len(hosts)
    for host in hosts:
        ipaddress.ip_address(host)


def test_a_machine_without_any_network_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError("no network")

    monkeypatch.setattr("tunnel.links.places.socket.getaddrinfo", refuse)
    monkeypatch.setattr("tunnel.links.places._FAR_AWAY", ((socket.AF_INET, "no address"),))
    assert asyncio.run(own_hosts()) == ()


def test_servers_are_looked_up_and_those_without_a_name_left_out() -> None:
    found = asyncio.run(resolve([("127.0.0.1", 3_478), ("a..b", 1), ("x" * 70 + ".invalid", 1), ("::1", 5)]))
    assert found == (("127.0.0.1", 3_478), ("::1", 5))


def test_a_name_with_many_addresses_is_one_server_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [(f"198.51.100.{n}", 5) for n in range(1, 9)] + [("2001:db8::1", 5)]
    other = [("203.0.113.1", 5)]

    async def look_up(host: str, port: int) -> list[Address]:
        return {"many": many, "other": other}[host]

    monkeypatch.setattr("tunnel.links.places._look_up", look_up)
    found = asyncio.run(resolve([("many", 5), ("other", 5)]))
    assert found[:3] == (many[0], many[-1], other[0])
    assert sorted(found) == sorted(many + other)


def test_what_a_stranger_names_is_looked_up_and_may_not_lead_into_our_own_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = [
        "192.168.1.1",
        "127.0.0.1",
        "10.1.2.3",
        "169.254.1.1",
        "100.64.0.1",
        "224.0.0.1",
        "fe80::1",
        "fc00::1",
        "::1",
    ]
    out = ["1.1.1.1", "2606:4700:4700::1111"]

    async def look_up(host: str, port: int) -> list[Address]:
        return [(address, port) for address in (*own, *out)]

    monkeypatch.setattr("tunnel.links.places._look_up", look_up)
    assert asyncio.run(resolve([Foreign("evil.example.org", 80)])) == tuple((host, 80) for host in out)
    assert len(asyncio.run(resolve([("named.example.org", 80)]))) == len(own) + len(out)


def test_own_addresses_are_those_of_the_routes_first() -> None:
    routed = routed_hosts()
    assert asyncio.run(own_hosts())[: len(routed)] == routed


def test_a_relay_answers_stun_where_it_is_reached() -> None:
    urls = ["wss://relay.example.org/room", "ws://127.0.0.1:8765", "ws://[::1]:9", "http://no", "nonsense"]
    assert relay_places(urls) == (("relay.example.org", 443), ("127.0.0.1", 8_765), ("::1", 9))
