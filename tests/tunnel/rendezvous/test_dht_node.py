"""One silent session of libtorrent, and what it lets in and out."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tunnel.rendezvous import krpc
from tunnel.nat.stun import Address
from tunnel.rendezvous import dht_node
from tunnel.rendezvous.dht_item import hole_key
from tunnel.rendezvous.dht_node import DhtNode, Entered, Event, Found, Heard, Stored, library

needs_libtorrent = pytest.mark.skipif(
    importlib.util.find_spec("libtorrent") is None, reason="libtorrent is not installed"
)
KEY = hole_key(bytes(32))


@pytest.fixture
def server() -> Iterator[krpc.Node]:
    """One node of a DHT of four."""
    nodes = [krpc.Node() for _ in range(4)]
    for node in nodes:
        node.mesh = nodes
    yield nodes[0]
    for node in nodes:
        node.close()


def make(server: krpc.Node, memory: object = None, counters: Counter[str] | None = None) -> DhtNode:
    return DhtNode(library(), [server.place], memory, Counter() if counters is None else counters)


def live(node: DhtNode, said: Callable[[list[Event]], object]) -> list[Event]:
    """All its events until they are as wanted, woken by nothing but its own stirring."""

    async def main() -> list[Event]:
        events: list[Event] = []
        stirred = asyncio.Event()
        watching = asyncio.create_task(node.watch(stirred.set))
        try:
            while not said(events):
                await stirred.wait()
                stirred.clear()
                events += node.take()
        finally:
            watching.cancel()
        return events

    return asyncio.run(asyncio.wait_for(main(), 30))


def has(kind: type) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(event, kind) for event in events)


def ends(events: list[Event]) -> bool:
    return any(isinstance(event, Found) and event.last for event in events)


@needs_libtorrent
def test_it_says_when_it_is_in_and_how_many_it_knows(server: krpc.Node) -> None:
    node = make(server)
    try:
        assert node.versions == 1
        assert live(node, has(Entered)) == [Entered()]
        node.ask_heard()
        [heard] = live(node, has(Heard))
        assert isinstance(heard, Heard)
        assert heard.datagrams >= 1
        assert heard.nodes >= 1
    finally:
        node.close()


@needs_libtorrent
def test_an_item_that_was_put_is_found(server: krpc.Node) -> None:
    node = make(server)
    try:
        live(node, has(Entered))
        node.put(KEY, b"letter")
        assert Stored(KEY.public, 1) in [
            Stored(event.public, min(event.nodes, 1))
            for event in live(node, has(Stored))
            if isinstance(event, Stored)
        ]
        node.get(KEY.public)
        assert Found(KEY.public, b"letter", True) in live(node, ends)
    finally:
        node.close()


@needs_libtorrent
def test_an_empty_hole_is_found_empty(server: krpc.Node) -> None:
    node = make(server)
    try:
        live(node, has(Entered))
        node.get(KEY.public)
        assert live(node, ends) == [Found(KEY.public, None, True)]
    finally:
        node.close()


@needs_libtorrent
def test_who_remembers_the_nodes_of_before_needs_no_router(server: krpc.Node) -> None:
    node = make(server)
    live(node, has(Entered))
    memory = node.memory()
    node.close()
    dead = krpc.Node()
    dead.close()
    again = make(dead, memory)
    try:
        live(again, has(Entered))
        again.put(KEY, b"letter")
        [stored] = [event for event in live(again, has(Stored)) if isinstance(event, Stored)]
        assert stored.nodes
    finally:
        again.close()


@needs_libtorrent
def test_it_answers_nobody_and_drops_who_connects(server: krpc.Node) -> None:
    node = make(server)
    try:
        live(node, has(Entered))
        place = ("127.0.0.1", node._session.listen_port())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.3)
            sock.sendto(
                krpc.encode({b"t": b"aa", b"y": b"q", b"q": b"ping", b"a": {b"id": bytes(20)}}), place
            )
            with pytest.raises(TimeoutError):
                sock.recv(1_000)
        with socket.create_connection(place, timeout=10) as stream:
            assert stream.recv(1) == b""
    finally:
        node.close()


@needs_libtorrent
def test_what_nobody_needs_is_counted(server: krpc.Node) -> None:
    counters: Counter[str] = Counter()
    node = make(server, counters=counters)
    try:
        live(node, has(Entered))
        node._session.dht_get_immutable_item(library().sha1_hash(bytes(20)))  # type: ignore[union-attr]  # it is there
        live(node, lambda events: counters["libtorrent: dht_immutable_item_alert"])
    finally:
        node.close()


@needs_libtorrent
def test_closing_ends_its_threads_whatever_is_under_way(server: krpc.Node) -> None:
    before = system_threads()
    node = make(server)
    server.silent = True
    node.get(KEY.public)
    assert system_threads() > before or not Path("/proc").exists()
    node.close()
    node.close()
    deadline = time.monotonic() + 10
    while system_threads() > before and time.monotonic() < deadline:
        time.sleep(0.01)  # a thread that has ended is listed for a moment longer
    assert system_threads() <= before


def system_threads() -> int:
    """All threads of this process, those of libtorrent too."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


@needs_libtorrent
def test_where_no_address_leads_there_it_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dht_node, "_own_addresses", lambda routers: [])
    with pytest.raises(OSError, match="no address"):
        DhtNode(library(), [("127.0.0.1", 9)], None, Counter())


def test_it_listens_where_the_routers_see_it_and_nowhere_else() -> None:
    assert dht_node._own_addresses([("127.0.0.1", 6881), ("127.0.0.2", 6881)]) == [("127.0.0.1", 0)]


@pytest.mark.parametrize(
    ("routers", "at_home"),
    [
        ([("127.0.0.1", 1)], True),
        ([("::1", 1), ("192.168.0.9", 1), ("203.0.113.5", 1)], True),
        ([("67.215.246.10", 6881)], False),
        ([("127.0.0.1", 1), ("2a02:752:0:18::128", 25401)], False),
    ],
)
def test_only_where_all_routers_are_private_is_it_at_home(routers: list[Address], at_home: bool) -> None:
    assert dht_node.is_at_home(routers) is at_home


@pytest.mark.parametrize("at_home", [False, True])
def test_the_rules_against_floods_are_off_at_home_only(at_home: bool) -> None:
    settings = dht_node.quiet_settings([("127.0.0.1", 0), ("::1", 7)], at_home=at_home)
    assert settings["listen_interfaces"] == "127.0.0.1:0,[::1]:7"
    assert settings["dht_restrict_routing_ips"] is not at_home
    assert settings["dht_restrict_search_ips"] is not at_home
    assert settings["dht_block_ratelimit"] == (1_000 if at_home else 5)
    assert not any(
        settings[f"enable_{what}"] for what in ("lsd", "upnp", "natpmp", "incoming_tcp", "incoming_utp")
    )
    assert settings["connections_limit"] == 0


@needs_libtorrent
@pytest.mark.parametrize("at_home", [False, True])
def test_libtorrent_knows_every_setting(at_home: bool) -> None:
    settings = dht_node.quiet_settings([("127.0.0.1", 0)], at_home=at_home)
    known = library().default_settings()  # type: ignore[union-attr]  # it is there
    assert set(settings) <= set(known)


def test_a_library_that_is_not_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libtorrent", None)
    assert library() is None
