"""Whom direct links ask."""

from __future__ import annotations

import asyncio

import pytest

from tunnel.links.places import Foreign
from tunnel.links.stun_servers import StunServers
from tunnel.nat.gathering import MAX_SERVERS

NAMED = [("stun.example.org", 3_478), ("stun.example.net", 3_478)]


@pytest.mark.parametrize("count", range(11))
def test_a_server_that_was_named_is_asked_however_many_relays_there_are(count: int) -> None:
    relays = {f"wss://relay{n}.example.org": ((f"relay{n}.example.org", 443),) for n in range(count)}
    places = StunServers(relays, NAMED).places
    assert NAMED[0] in places[:MAX_SERVERS]
    assert set(places) == {place for places in relays.values() for place in places} | set(NAMED)
    assert places[: min(count, 3)] == tuple(places for [places] in relays.values())[:3]


def test_a_relay_is_asked_where_it_says() -> None:
    servers = StunServers({"wss://a": (("a", 443),), "wss://b": (("b", 443),)})
    servers.told("wss://a", (("a", 8_765),))
    servers.told("wss://b", ())
    assert servers.places == (("a", 8_765),)
    servers.told("wss://a", None)  # an older program now answers there: what we knew is the best we know
    assert servers.places == (("a", 8_765),)


def test_who_waits_is_woken_by_news_and_by_nothing_else() -> None:
    async def main() -> None:
        servers = StunServers({"wss://a": (("a", 443),)})
        waiting = asyncio.create_task(servers.wait(60))
        await asyncio.sleep(0)
        servers.told("wss://a", (("a", 443),))
        await asyncio.sleep(0)
        assert not waiting.done()
        servers.told("wss://a", (("a", 444),))
        await waiting
        await servers.wait(0)  # the news has been taken

    asyncio.run(asyncio.wait_for(main(), 10))


@pytest.mark.parametrize(
    ("url", "is_foreign"),
    [
        ("wss://relay.example.org/room", True),
        ("wss://1.1.1.1", True),
        ("ws://192.168.1.10:8765", False),
        ("ws://[::1]:8765", False),
        ("ws://relay.lan:8765", False),
        ("ws://LOCALHOST:8765", False),
    ],
)
def test_what_a_relay_out_in_the_world_names_is_foreign(url: str, is_foreign: bool) -> None:
    servers = StunServers({url: (("a.example.org", 443),)}, NAMED)
    assert not any(isinstance(place, Foreign) for place in servers.places)
    servers.told(url, (("b.example.org", 80),))
    assert servers.places == (("b.example.org", 80), *NAMED)
    assert [isinstance(place, Foreign) for place in servers.places] == [is_foreign, False, False]
