from __future__ import annotations

import pytest

from bench.world.natnet import Depends, Manners, Net, Realm, Router
from tunnel.nat.stun import Address

OUT_1, OUT_2 = ("198.51.100.1", 1_000), ("198.51.100.2", 2_000)
HOME = ("192.168.1.2", 5_000)


class Street:
    """Two machines on the internet and one at home behind a router."""

    def __init__(self, manners: Manners) -> None:
        self.net = Net(1)
        self.router = Router(self.net, self.net.internet, "203.0.113.1", manners)
        self.came: list[tuple[Address, Address, bytes]] = []  # at, from, what
        for address in (OUT_1, OUT_2):
            self.attach(self.net.internet, address)
        self.attach(self.router.inside, HOME)

    def attach(self, realm: Realm, address: Address) -> None:
        self.net.attach(realm, address[0], lambda data, source, to: self.came.append((address, source, data)))

    def send(self, realm: Realm, source: Address, to: Address, data: bytes = b"x") -> None:
        self.net.send(realm, source, to, data)
        self.wait(100)

    def wait(self, duration: float) -> None:
        self.net.run(duration, next_timeout=lambda: float("inf"), wake=lambda: None)

    def out(self, to: Address, source: Address = HOME) -> Address:
        """The source that `to` sees."""
        self.send(self.router.inside, source, to)
        return self.came[-1][1]

    def gets_in(self, source: Address, to: Address) -> bool:
        before = len(self.came)
        self.send(self.net.internet, source, to)
        return len(self.came) > before


@pytest.mark.parametrize(
    ("mapping", "same"), [(Depends.NOTHING, True), (Depends.HOST, False), (Depends.HOST_AND_PORT, False)]
)
def test_a_mapping_depends_on_what_it_is_said_to(mapping: Depends, same: bool) -> None:
    street = Street(Manners(mapping=mapping))
    assert (street.out(OUT_1) == street.out(OUT_2)) is same
    street.attach(street.net.internet, (OUT_1[0], 9))
    assert (street.out(OUT_1) == street.out((OUT_1[0], 9))) is (mapping is not Depends.HOST_AND_PORT)


@pytest.mark.parametrize(
    ("filtering", "stranger", "same_host"),
    [
        (Depends.NOTHING, True, True),
        (Depends.HOST, False, True),
        (Depends.HOST_AND_PORT, False, False),
    ],
)
def test_a_filter_lets_in_whom_it_is_said_to(filtering: Depends, stranger: bool, same_host: bool) -> None:
    street = Street(Manners(filtering=filtering))
    mapped = street.out(OUT_1)
    assert street.gets_in(OUT_1, mapped)
    assert street.gets_in(OUT_2, mapped) is stranger
    assert street.gets_in((OUT_1[0], 9), mapped) is same_host
    assert not street.gets_in(OUT_1, (mapped[0], mapped[1] ^ 1))


def test_a_mapping_dies_when_nobody_inside_uses_it_and_comes_back_elsewhere() -> None:
    street = Street(Manners(lifetime_ms=30_000))
    mapped = street.out(OUT_1)
    street.wait(29_000)
    assert street.gets_in(OUT_1, mapped)  # which does not keep it alive
    street.wait(2_000)
    assert not street.gets_in(OUT_1, mapped)
    assert street.out(OUT_1) != mapped


def test_a_port_is_kept_where_that_is_promised_and_free() -> None:
    street = Street(Manners(preserves=True))
    street.attach(street.router.inside, ("192.168.1.3", 5_000))
    assert street.out(OUT_1)[1] == 5_000
    assert street.out(OUT_1, ("192.168.1.3", 5_000))[1] != 5_000


@pytest.mark.parametrize("hairpin", [True, False])
def test_neighbours_reach_each_others_outer_address_only_by_a_hairpin(hairpin: bool) -> None:
    street = Street(Manners(hairpin=hairpin, filtering=Depends.NOTHING))
    neighbour = ("192.168.1.3", 5_000)
    street.attach(street.router.inside, neighbour)
    outer = street.out(OUT_1, neighbour)
    before = len(street.came)
    street.send(street.router.inside, HOME, outer)
    assert len(street.came) - before == hairpin
    street.send(street.router.inside, HOME, neighbour)  # their own addresses always work
    assert street.came[-1][:2] == (neighbour, HOME)


def test_a_router_below_a_router_is_translated_twice() -> None:
    street = Street(Manners(filtering=Depends.NOTHING))
    below = Router(street.net, street.router.inside, "192.168.1.9", Manners(filtering=Depends.NOTHING))
    street.attach(below.inside, ("10.0.0.2", 5_000))
    street.send(below.inside, ("10.0.0.2", 5_000), OUT_1)
    at, source, _ = street.came[-1]
    assert (at, source[0]) == (OUT_1, "203.0.113.1")
    assert street.gets_in(OUT_1, source)
    assert street.came[-1][0] == ("10.0.0.2", 5_000)


def test_a_firewall_keeps_addresses_and_lets_in_only_answers() -> None:
    street = Street(Manners())
    firewall = Router(street.net, street.net.internet, "", Manners(translates=False))
    inside, outside = ("2001:db8::2", 5_000), ("2001:db8:1::1", 1_000)
    street.attach(firewall.inside, inside)
    street.attach(street.net.internet, outside)
    assert not street.gets_in(outside, inside)
    street.send(firewall.inside, inside, outside)
    assert street.came[-1] == (outside, inside, b"x")
    assert street.gets_in(outside, inside)


def test_udp_may_be_dropped_altogether() -> None:
    street = Street(Manners(drops_udp=True))
    street.send(street.router.inside, HOME, OUT_1)
    assert street.came == []
    assert street.net.counters["dropped by a router"] == 1


def test_a_router_that_is_restarted_or_moved_forgets_its_mappings() -> None:
    street = Street(Manners(filtering=Depends.NOTHING))
    mapped = street.out(OUT_1)
    street.router.forget()
    assert not street.gets_in(OUT_1, mapped)
    street.router.move("203.0.113.77")
    assert street.out(OUT_1)[0] == "203.0.113.77"


def test_losses_are_as_frequent_as_told_and_the_same_seed_plays_the_same_world() -> None:
    arrived = []
    for _ in range(2):
        net = Net(7, loss=0.5)
        came: list[Address] = []
        net.attach(net.internet, OUT_1[0], lambda data, source, to, came=came: came.append(source))  # type: ignore[misc]
        for port in range(1, 1_001):
            net.send(net.internet, (OUT_2[0], port), OUT_1, b"")
        net.run(100, next_timeout=lambda: float("inf"), wake=lambda: None)
        arrived.append(came)
    assert arrived[0] == arrived[1]
    assert 400 < len(arrived[0]) < 600
    assert net.bytes_sent == 28_000


def test_a_machine_that_wants_to_be_woken_for_ever_is_noticed() -> None:
    net = Net(1)
    with pytest.raises(AssertionError, match="come to rest"):
        net.run(10, next_timeout=lambda: net.now, wake=lambda: None, steps=100)
