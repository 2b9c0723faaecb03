from __future__ import annotations

import itertools
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tunnel.nat.conftest import MESSAGES
from tunnel.nat.behaviour import Behaviour, FilteringKind, MappingKind
from tunnel.nat.stun import Address, Kind, Message, build, parse
from tunnel.nat.survey import MAX_SERVERS, PATIENCE_MS, REQUEST_BYTES, TRIES_MS, Probe, Step, Survey
from tunnel.relay.stun_answer import StunAnswerer
from tunnel.relay.stun_corners import Corners

FIRST: Final = ("10.0.0.2", 4_000)
SECOND: Final = ("10.0.0.2", 4_001)
OUTSIDE: Final = "198.51.100.1"
RELAY: Final = ("192.0.2.9", 8_765)
PRIMARY: Final = ("192.0.2.1", 3_478)
OTHER: Final = ("192.0.2.2", 3_479)


class Nat:
    """One NAT, of the kinds RFC 4787 names. No time-outs: a survey is shorter than those."""

    def __init__(self, mapping: MappingKind, filtering: FilteringKind, *, hairpins: bool = False) -> None:
        self.mapping, self.filtering, self.hairpins = mapping, filtering, hairpins
        self.ports: dict[tuple[Address, object], int] = {}
        self.sent: dict[int, set[Address]] = {}

    def out(self, source: Address, to: Address) -> Address:
        part: object = {
            MappingKind.ENDPOINT_INDEPENDENT: None,
            MappingKind.ADDRESS_DEPENDENT: to[0],
        }.get(self.mapping, to)
        port = self.ports.setdefault((source, part), 40_000 + len(self.ports))
        self.sent.setdefault(port, set()).add(to)
        return OUTSIDE, port

    def inside(self, source: Address, port: int) -> Address | None:
        sent = self.sent.get(port, set())
        allowed = {
            FilteringKind.ENDPOINT_INDEPENDENT: bool(sent),
            FilteringKind.ADDRESS_DEPENDENT: source[0] in {host for host, _ in sent},
            FilteringKind.ADDRESS_AND_PORT_DEPENDENT: source in sent,
        }[self.filtering]
        owner = next((inner for (inner, _), outer in self.ports.items() if outer == port), None)
        return owner if allowed else None


class Internet:
    """A relay with one address, an RFC 5780 server with two, a NAT before us or none, and loss."""

    def __init__(self, nat: Nat | None, loss: float = 0.0, seed: int = 1, *, udp: bool = True) -> None:
        self.nat, self.loss, self.random, self.udp = nat, loss, Random(seed), udp
        self.sent: list[Probe] = []

    def deliver(self, probe: Probe) -> list[tuple[bytes, Address, Address]]:
        """What arrives at our own sockets: data, from, to."""
        self.sent.append(probe)
        source = SECOND if probe.second else FIRST
        seen = self.nat.out(source, probe.destination) if self.nat else source
        if not self.udp or self.random.random() < self.loss:
            return []
        if probe.destination[0] == OUTSIDE:
            return self.hairpin(probe, seen)
        reply, origin = self.serve(parse(probe.data), probe.destination, seen)
        if reply is None or self.random.random() < self.loss:
            return []
        to = self.nat.inside(origin, seen[1]) if self.nat else source
        return [(reply, origin, to)] if to else []

    def hairpin(self, probe: Probe, seen: Address) -> list[tuple[bytes, Address, Address]]:
        assert self.nat is not None
        to = self.nat.inside(seen, probe.destination[1]) if self.nat.hairpins else None
        return [(probe.data, seen, to)] if to else []

    def serve(self, request: Message, at: Address, seen: Address) -> tuple[bytes | None, Address]:
        two = at[0] in (PRIMARY[0], OTHER[0])
        if not two and at != RELAY:
            return None, at
        if not two and (request.change_ip or request.change_port):
            refused = Message(kind=Kind.ERROR, transaction=request.transaction, error=(420, ""))
            return build(refused), at
        host = at[0] if not request.change_ip else {PRIMARY[0]: OTHER[0], OTHER[0]: PRIMARY[0]}[at[0]]
        port = at[1] if not request.change_port else {PRIMARY[1]: OTHER[1], OTHER[1]: PRIMARY[1]}[at[1]]
        told = Message(
            kind=Kind.SUCCESS,
            transaction=request.transaction,
            xor_mapped=seen,
            other_address=OTHER if two else None,
        )
        return build(told), (host, port)


def survey(internet: Internet, *servers: Address, own: tuple[Address, ...] = (FIRST,)) -> Behaviour:
    """Runs one to its end; answers take 20 ms."""
    draw = Random(7)
    one = Survey(servers, own, draw.randbytes)
    now = 0.0
    one.start(now)
    for _ in range(1_000):
        arrivals = [arrival for probe in one.take_due(now) for arrival in internet.deliver(probe)]
        for data, source, _ in arrivals:
            one.receive(data, source, now + 20)
        if one.step is Step.DONE:
            assert now <= 3 * PATIENCE_MS
            assert one.next_timeout() is None
            return one.behaviour
        deadline = one.next_timeout()
        assert deadline is not None
        now = max(now + 20, deadline) if not arrivals else now + 20
        one.handle_timeout(now)
    raise AssertionError("a survey that never ends")


MAPPINGS: Final = (
    MappingKind.ENDPOINT_INDEPENDENT,
    MappingKind.ADDRESS_DEPENDENT,
    MappingKind.ADDRESS_AND_PORT_DEPENDENT,
)
FILTERINGS: Final = (
    FilteringKind.ENDPOINT_INDEPENDENT,
    FilteringKind.ADDRESS_DEPENDENT,
    FilteringKind.ADDRESS_AND_PORT_DEPENDENT,
)


@pytest.mark.parametrize("loss", [0.0, 0.1])
@pytest.mark.parametrize(("mapping", "filtering"), list(itertools.product(MAPPINGS, FILTERINGS)))
def test_a_server_with_two_addresses_tells_every_kind_of_nat(
    mapping: MappingKind, filtering: FilteringKind, loss: float
) -> None:
    found = survey(Internet(Nat(mapping, filtering), loss, seed=3), RELAY, PRIMARY)
    assert (found.udp, found.nat, found.mapping, found.filtering) == (True, True, mapping, filtering)
    assert found.keeps_port is False


@pytest.mark.parametrize(("mapping", "filtering"), list(itertools.product(MAPPINGS, FILTERINGS)))
def test_a_relay_with_two_addresses_tells_every_kind_of_nat(
    mapping: MappingKind, filtering: FilteringKind
) -> None:
    answerer = StunAnswerer()
    answerer.corners = Corners(PRIMARY, OTHER)

    def serve(request: Message, at: Address, seen: Address) -> tuple[bytes | None, Address]:
        reply = answerer.answer(build(request, length=REQUEST_BYTES), *seen, 0.0, at=at)
        return (None, at) if reply is None else (reply.data, reply.origin or at)

    internet = Internet(Nat(mapping, filtering))
    internet.serve = serve  # type: ignore[method-assign]  # our own server, and no other
    found = survey(internet, PRIMARY)
    assert (found.udp, found.nat, found.mapping, found.filtering) == (True, True, mapping, filtering)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_relays_alone_tell_whether_destinations_see_the_same_port(mapping: MappingKind) -> None:
    nat = Nat(mapping, FilteringKind.ADDRESS_AND_PORT_DEPENDENT)
    internet = Internet(nat)
    internet.serve = lambda request, at, seen: (  # type: ignore[method-assign]  # relays everywhere
        build(Message(kind=Kind.SUCCESS, transaction=request.transaction, xor_mapped=seen)),
        at,
    )
    found = survey(internet, RELAY, ("192.0.2.10", 1), ("192.0.2.11", 1))
    fixed = mapping is MappingKind.ENDPOINT_INDEPENDENT
    assert found.mapping is (MappingKind.ENDPOINT_INDEPENDENT if fixed else MappingKind.DEPENDENT)
    assert found.filtering is FilteringKind.UNKNOWN


@pytest.mark.parametrize("hairpins", [True, False])
def test_whether_a_nat_hairpins_is_seen(hairpins: bool) -> None:
    nat = Nat(MappingKind.ENDPOINT_INDEPENDENT, FilteringKind.ENDPOINT_INDEPENDENT, hairpins=hairpins)
    assert survey(Internet(nat), PRIMARY).hairpins is hairpins


def test_a_machine_with_a_public_address_has_no_nat() -> None:
    found = survey(Internet(None), RELAY)
    assert (found.nat, found.keeps_port, found.hairpins) == (False, True, None)
    assert found.mapping is MappingKind.ENDPOINT_INDEPENDENT


def test_a_network_that_drops_udp_is_told_from_one_that_does_not() -> None:
    internet = Internet(None, udp=False)
    assert survey(internet, RELAY, PRIMARY) == Behaviour()
    assert len(internet.sent) == 2 * len(TRIES_MS)


def test_a_survey_asks_few_servers_and_gives_up() -> None:
    internet = Internet(None, udp=False)
    survey(internet, *((f"192.0.2.{n}", 1) for n in range(1, 100)))
    assert len(internet.sent) == MAX_SERVERS * len(TRIES_MS)


def test_without_servers_there_is_nothing_to_find() -> None:
    assert survey(Internet(None)) == Behaviour()


def test_a_server_that_answers_from_where_it_was_asked_says_nothing_of_the_filter() -> None:
    nat = Nat(MappingKind.ENDPOINT_INDEPENDENT, FilteringKind.ADDRESS_AND_PORT_DEPENDENT)
    internet = Internet(nat)
    honest = internet.serve
    internet.serve = lambda request, at, seen: (honest(request, at, seen)[0], at)  # type: ignore[method-assign]  # it lies
    assert survey(internet, PRIMARY).filtering is FilteringKind.ADDRESS_AND_PORT_DEPENDENT


def test_an_answer_from_elsewhere_or_unasked_changes_nothing() -> None:
    one = Survey([RELAY], [FIRST], Random(1).randbytes)
    one.start(0.0)
    (probe,) = one.take_due(0.0)
    transaction = parse(probe.data).transaction
    forged = build(Message(kind=Kind.SUCCESS, transaction=transaction, xor_mapped=("203.0.113.1", 1)))
    assert not one.receive(forged, ("203.0.113.9", 8_765), 1.0)
    assert not one.receive(build(Message(kind=Kind.SUCCESS, transaction=b"other12bytes")), RELAY, 1.0)
    assert one.counters == {"stranger": 1, "unasked": 1}
    assert one.behaviour == Behaviour()


@settings(max_examples=50)
@given(st.lists(MESSAGES.map(build) | st.binary(max_size=60), max_size=5), st.booleans())
def test_whatever_servers_answer_the_survey_ends_and_sends_little(replies: list[bytes], ours: bool) -> None:
    one = Survey([RELAY, PRIMARY], [FIRST], Random(1).randbytes)
    now, sent = 0.0, 0
    probes: list[Probe] = []
    one.start(now)
    while one.step is not Step.DONE:
        probes = one.take_due(now) or probes
        sent += len(probes)
        for reply in replies:
            # As if it answered what was asked.
            fitting = reply[:8] + probes[0].data[8:20] + reply[20:] if ours and probes else reply
            one.receive(fitting, RELAY, now)
        deadline = one.next_timeout()
        now = max(now, deadline if deadline is not None else now)
        one.handle_timeout(now)
        assert sent < 100
