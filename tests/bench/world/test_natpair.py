"""Two agents find each other wherever the literature says they can, and say why where they cannot."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.world.natnet import Depends, Manners
from bench.world.natpair import NatPair, Network, can_succeed, seeds
from tunnel.nat.birthday import PROBES, SOCKETS
from tunnel.nat.events import Found, Lost, Released, Rested
from tunnel.nat.stun import Address

CELLS = list(itertools.product(Network, Network))


def pair_of(one: Network, other: Network, seed: int = 1, duration: float = 9_500) -> NatPair:
    pair = NatPair(one, other, seed)
    pair.start()
    pair.run(duration, until_joined=True)
    return pair


@pytest.mark.parametrize(("one", "other"), CELLS)
def test_two_networks_are_joined_exactly_where_the_literature_says_they_can_be(
    one: Network, other: Network
) -> None:
    assert {pair_of(one, other, seed).joined for seed in seeds(4)} == {can_succeed(one, other)}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (Network.SYMMETRIC, Network.PORT, "another port for every address"),
        (Network.SYMMETRIC, Network.SYMMETRIC, "router at both ends"),
        (Network.DROPPED, Network.NONE, "block UDP"),
        (Network.IPV6, Network.PORT, "only IPv6"),
    ],
)
def test_where_it_cannot_succeed_both_ends_say_why(one: Network, other: Network, words: str) -> None:
    pair = pair_of(one, other, duration=12_000)
    for machine in (pair.one, pair.other):
        [event] = machine.said
        assert isinstance(event, Rested)
        assert words in event.why


def test_two_behind_one_router_use_their_own_addresses() -> None:
    pair = NatPair(Network.PORT, Network.DROPPED, 1)
    pair.other.plug_in(pair.routers[0].inside, "192.168.1.3")
    pair.start()
    pair.run(3_000)
    assert pair.one.agent.selected == ("192.168.1.3", 47_000)
    assert pair.other.agent.selected == ("192.168.1.2", 47_000)


@pytest.mark.parametrize("hairpin", [True, False])
def test_two_homes_behind_one_carrier_need_its_hairpin(hairpin: bool) -> None:
    pair = NatPair(Network.DROPPED, Network.DROPPED, 1)
    carrier = pair.router(pair.net.internet, "203.0.113.9", Manners(hairpin=hairpin))
    for place, machine in ((1, pair.one), (2, pair.other)):
        home = pair.router(carrier.inside, f"100.64.0.{place}", Manners())
        machine.plug_in(home.inside, f"192.168.{place}.2")
    pair.start()
    pair.run(9_500, until_joined=True)
    assert pair.joined is hairpin


def test_ipv6_is_used_where_it_works() -> None:
    pair = pair_of(Network.NONE, Network.NONE)
    pair.run(2_000)
    for machine in (pair.one, pair.other):
        assert machine.agent.selected is not None
        assert ":" in machine.agent.selected[0]


def test_half_of_all_packets_lost_is_no_obstacle() -> None:
    pair = NatPair(Network.PORT, Network.PORT, 3, loss=0.5)
    pair.start()
    pair.run(30_000, until_joined=True)
    assert pair.joined


def test_an_end_that_begins_a_minute_later_is_found_at_once() -> None:
    pair = NatPair(Network.PORT, Network.CARRIER, 5)
    off = pair.other.hear
    pair.other.hear = lambda body: None  # type: ignore[method-assign]
    pair._start(pair.one)
    pair.run(60_000)
    assert not pair.joined
    pair.other.hear = off  # type: ignore[method-assign]
    pair._start(pair.other)
    pair.run(1_000)
    assert pair.joined


def test_mappings_live_for_an_hour_of_silence() -> None:
    pair = pair_of(Network.PORT, Network.PORT)
    pair.one._net.later(0, lambda: None)
    for machine in (pair.one, pair.other):
        machine._playing = False
        machine._play = lambda: None  # type: ignore[method-assign]  # the session says nothing any more
    pair.run(3_600_000)
    assert not any(isinstance(event, Lost) for event in pair.one.said + pair.other.said)
    assert pair.one.agent.selected is not None


@pytest.mark.parametrize("end", ["one", "other"])
@pytest.mark.parametrize("kind", [Network.FULL_CONE, Network.PORT, Network.CARRIER])
@pytest.mark.parametrize("preserves", [True, False])
def test_a_router_that_restarts_costs_a_path_only_seconds(end: str, kind: Network, preserves: bool) -> None:
    pair = NatPair(kind, kind, 1)
    for router in pair.routers:
        router.manners = replace(router.manners, preserves=preserves)
    pair.start()
    pair.run(9_500, until_joined=True)
    pair.run(5_000)
    pair.routers[0 if end == "one" else -1].forget()
    pair.run(9_000)
    now = pair.net.now
    assert not any(isinstance(event, Lost) for event in pair.one.said + pair.other.said)
    assert now - pair.one.last_ms < 1_000
    assert now - pair.other.last_ms < 1_000


@pytest.mark.parametrize("end", ["one", "other"])
def test_a_machine_that_moves_to_another_network_is_followed(end: str) -> None:
    pair = pair_of(Network.PORT, Network.NONE)
    pair.run(5_000)
    home = pair.router(pair.net.internet, "203.0.113.50", Manners(filtering=Depends.HOST))
    machine = pair.one if end == "one" else pair.other
    machine.plug_in(home.inside, "192.168.50.2")
    if end == "other":
        machine._places.pop(True)
        machine.agent.set_hosts([("192.168.50.2", 47_000)], pair.net.now)
    machine.settle()
    pair.run(5_000)
    assert not any(isinstance(event, Lost) for event in pair.one.said + pair.other.said)
    assert pair.net.now - pair.one.last_ms < 1_000
    assert pair.net.now - pair.other.last_ms < 1_000


def test_a_path_that_is_cut_is_given_up_after_fifteen_seconds() -> None:
    pair = pair_of(Network.PORT, Network.PORT)
    pair.run(5_000)
    cut_at = pair.net.now
    pair.one.cut = pair.other.cut = True
    while not any(isinstance(event, Lost) for event in pair.one.said):
        pair.run(100)
    assert 9_000 < pair.net.now - cut_at < 15_200
    assert pair.one.agent.selected is None


def test_trying_for_ever_costs_less_than_200_bytes_a_second_for_both_ends_together() -> None:
    pair = NatPair(Network.SYMMETRIC, Network.SYMMETRIC, 1)
    notes: list[bytes] = []
    hears = {machine: machine.hear for machine in (pair.one, pair.other)}
    for machine, hear in hears.items():

        def overhear(body: bytes, hear: Callable[[bytes], None] = hear) -> None:
            notes.append(body)
            hear(body)

        machine.hear = overhear  # type: ignore[method-assign]
    pair.start()
    pair.run(3_600_000)
    assert pair.one.agent.selected is None
    relayed = sum(3 * (len(body) + 80) for body in notes)  # on three relays, with everything around it
    assert notes
    assert (pair.net.bytes_sent + relayed) / 3_600 < 200


def guessing(one: Network, other: Network, seed: int = 1) -> NatPair:
    pair = NatPair(one, other, seed, guesses=True)
    pair.start()
    pair.run(20_000, until_joined=True)
    return pair


def test_a_path_found_by_guessing_stays_on_the_socket_that_hit_and_the_others_are_given_back() -> None:
    pair = guessing(Network.SYMMETRIC, Network.PORT)
    assert pair.joined
    pair.run(600_000)
    assert pair.one.agent.via > 0
    assert pair.other.agent.via == 0
    for machine in (pair.one, pair.other):
        assert not any(isinstance(event, Lost) for event in machine.said)
        assert pair.net.now - machine.last_ms < 1_000
    [released] = [event for event in pair.one.said if isinstance(event, Released)]
    assert len(released.sockets) <= SOCKETS - 1
    assert pair.one.agent.via not in released.sockets


def test_guessing_is_done_once_by_each_end_and_only_at_the_other_ends_own_host() -> None:
    pair = NatPair(Network.SYMMETRIC, Network.PORT, 1, guesses=True)
    guessed: Counter[tuple[str, bool]] = Counter()
    for machine in (pair.one, pair.other):

        def watched(to: Address, data: bytes, via: int = 0, send: Callable[..., None] = machine.send) -> None:
            guessed[to[0], via > 0] += 1
            if to[0].startswith("203."):
                return  # nothing arrives, so all of it is sent
            send(to, data, via)

        machine.send = watched  # type: ignore[method-assign]
    pair.start()
    pair.run(600_000)
    hosts = {host for host, _ in guessed if host.startswith("203.")}
    assert hosts == {"203.0.113.1", "203.0.113.2"}
    assert guessed["203.0.113.2", True] == SOCKETS  # at the end whose router is symmetric
    assert PROBES <= guessed["203.0.113.1", False] < PROBES + 600  # the rest are ordinary checks
    [released] = [event for event in pair.one.said if isinstance(event, Released)]
    assert len(released.sockets) == SOCKETS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Network.SYMMETRIC, Network.SYMMETRIC),
        (Network.PORT, Network.DROPPED),
        (Network.PORT, Network.PORT),
        (Network.SYMMETRIC, Network.ADDRESS),
    ],
)
def test_where_guessing_cannot_help_or_need_not_nobody_guesses(one: Network, other: Network) -> None:
    sent = []
    for guesses in (True, False):
        pair = NatPair(one, other, 1, guesses=guesses)
        pair.start()
        pair.run(20_000)
        sent.append(pair.net.bytes_sent)
    assert max(sent) - min(sent) < 1_000  # a check that is repeated because servers agree; guesses are 30 kB


def test_found_is_said_before_anything_but_checks_leaves() -> None:
    pair = pair_of(Network.FULL_CONE, Network.FULL_CONE)
    assert isinstance(pair.one.said[0], Found)
