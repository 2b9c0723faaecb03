from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunnel.nat.portmap import (
    AGAIN_MS,
    LIFETIME_S,
    PATIENCE_MS,
    RESTARTS_APART_MS,
    SOONEST_MS,
    TRIES_MS,
    Mapped,
    PortMapper,
    Want,
)
from tunnel.nat.portmap_message import Outcome, Transport

GATEWAY: Final = ("10.0.0.1", 5351)
UDP: Final = Want(Transport.UDP, 50_000)
TCP: Final = Want(Transport.TCP, 50_000)
CODES: Final = {1: Transport.UDP, 2: Transport.TCP}


@dataclass
class Router:
    """A router in a few lines, with the warts routers have."""

    pcp: bool = True
    natpmp: bool = True
    silent: bool = False
    result: int = 0
    lifetime_s: int = LIFETIME_S
    outer_offset: int = 0
    outer: bytes = bytes([1, 2, 3, 4])
    booted: float = -1_000_000.0
    held: dict[tuple[Transport, int], int] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)

    def answer(self, data: bytes, now: float) -> bytes | None:
        self.heard.append(data)
        if self.silent:
            return None
        epoch = int((now - self.booted) / 1000)
        if data[0] == 2:
            return self.answer_pcp(data, epoch) if self.pcp else self.other_version(data, epoch)
        return self.answer_natpmp(data, epoch) if self.natpmp else None

    def other_version(self, data: bytes, epoch: int) -> bytes | None:
        return struct.pack(">BBHI", 0, 128 + data[1], 1, epoch) if self.natpmp else None

    def answer_pcp(self, data: bytes, epoch: int) -> bytes:
        lifetime = int.from_bytes(data[4:8], "big")
        protocol, internal, wish = struct.unpack(">B3xHH", data[36:44])
        outer, granted = self.hold(Transport(protocol), internal, wish, lifetime)
        head = struct.pack(">BBBBII12x", 2, 129, 0, self.result, granted, epoch)
        return head + data[24:40] + struct.pack(">HH", internal, outer) + bytes(10) + b"\xff\xff" + self.outer

    def answer_natpmp(self, data: bytes, epoch: int) -> bytes:
        if data[1] == 0:
            return struct.pack(">BBHI", 0, 128, self.result, epoch) + self.outer
        _, code, internal, wish, lifetime = struct.unpack(">BBxxHHI", data)
        outer, granted = self.hold(CODES[code], internal, wish, lifetime)
        return struct.pack(">BBHIHHI", 0, 128 + code, self.result, epoch, internal, outer, granted)

    def hold(self, transport: Transport, internal: int, wish: int, lifetime: int) -> tuple[int, int]:
        if self.result:
            return 0, 0
        if not lifetime:
            self.held.pop((transport, internal), None)
            return 0, 0
        outer = self.held.setdefault((transport, internal), wish + self.outer_offset)
        return outer, min(lifetime, self.lifetime_s)

    def restart(self, now: float) -> None:
        self.booted = now
        self.held.clear()


class World:
    """A mapper and its router, 5 ms apart."""

    def __init__(self, router: Router, *wants: Want) -> None:
        self.router = router
        self.mapper = PortMapper(GATEWAY, "10.0.0.2", wants or (UDP,), Random(1).randbytes)
        self.now = 0.0
        self.mapper.start(self.now)

    def run(self, until: float | Callable[[], object]) -> None:
        for _ in range(10_000):
            if (self.now >= until) if isinstance(until, float) else until():
                return
            sent = self.mapper.take_due(self.now)
            answers = [a for data in sent if (a := self.router.answer(data, self.now)) is not None]
            if answers:
                self.now += 5
                for answer in answers:
                    self.mapper.receive(answer, GATEWAY, self.now)
                continue
            deadline = self.mapper.next_timeout()
            assert deadline is not None
            self.now = max(self.now + 1, min(deadline, until if isinstance(until, float) else deadline))
            self.mapper.handle_timeout(self.now)
        raise AssertionError("asks for ever without waiting")

    def mapped(self, want: Want = UDP) -> Mapped:
        return self.mapper.mappings[want]


@pytest.mark.parametrize(("pcp", "via"), [(True, "PCP"), (False, "NAT-PMP")])
def test_a_router_that_speaks_either_protocol_opens_both_ports(pcp: bool, via: str) -> None:
    world = World(Router(pcp=pcp), UDP, TCP)
    world.run(lambda: len(world.mapper.mappings) == 2)
    assert world.now < 50
    assert world.mapped(UDP)[:2] == (("1.2.3.4", 50_000), via)
    assert world.mapped(TCP).outer == ("1.2.3.4", 50_000)
    assert world.mapped(UDP).public


def test_a_router_that_knows_nothing_newer_and_keeps_silent_about_it_is_found_too() -> None:
    router = Router(pcp=False)
    router.other_version = lambda data, epoch: None  # type: ignore[method-assign]  # silence
    world = World(router)
    world.run(lambda: world.mapper.mappings)
    assert world.mapped().via == "NAT-PMP"
    assert PATIENCE_MS <= world.now < PATIENCE_MS + 100


def test_silence_is_asked_eight_times_and_then_every_ten_minutes() -> None:
    world = World(Router(silent=True))
    world.run(AGAIN_MS)
    assert len(world.router.heard) == 2 * len(TRIES_MS)
    world.run(AGAIN_MS * 2 + 2 * PATIENCE_MS)
    assert len(world.router.heard) <= 4 * len(TRIES_MS)
    world.router.silent = False
    world.run(lambda: world.mapper.mappings)
    assert world.now <= 3 * AGAIN_MS + 30_000


def test_a_question_is_repeated_on_the_rfcs_clock() -> None:
    router, times = Router(silent=True), []
    world = World(router)
    answer = router.answer
    router.answer = lambda data, now: (times.append(now), answer(data, now))[1]  # type: ignore[method-assign,func-returns-value]  # listens
    world.run(PATIENCE_MS - 1)
    assert times == list(TRIES_MS)


def test_another_port_than_asked_is_what_others_are_told() -> None:
    world = World(Router(outer_offset=7))
    world.run(lambda: world.mapper.mappings)
    assert world.mapped().outer == ("1.2.3.4", 50_007)


@pytest.mark.parametrize("pcp", [True, False])
def test_a_mapping_is_renewed_at_half_its_life_whatever_life_it_got(pcp: bool) -> None:
    world = World(Router(pcp=pcp, lifetime_s=60))
    world.run(600_000.0)
    assert world.mapper.mappings
    assert world.mapper.counters["expired"] == 0
    assert 19 <= world.mapper.counters["granted"] <= 22


def test_a_very_short_life_is_not_asked_for_without_end() -> None:
    world = World(Router(lifetime_s=1))
    world.run(60_000.0)
    assert len(world.router.heard) <= 60_000 / SOONEST_MS + 2


def test_a_mapping_that_cannot_be_renewed_is_gone_at_its_end_and_not_before() -> None:
    world = World(Router())
    world.run(lambda: world.mapper.mappings)
    world.router.silent = True
    end = world.mapped().expires
    world.run(end - 1)
    assert world.mapper.mappings
    world.run(end + 1)
    assert not world.mapper.mappings
    assert len(world.router.heard) < 60


@pytest.mark.parametrize("pcp", [True, False])
def test_a_router_that_forgot_is_asked_for_everything_again_at_once(pcp: bool) -> None:
    world = World(Router(pcp=pcp), UDP, TCP)
    world.run(lambda: len(world.mapper.mappings) == 2)
    world.run(300_000.0)
    world.router.restart(world.now)
    world.router.outer = bytes([1, 2, 3, 9])
    world.run(lambda: world.mapper.counters["restarted"])
    restarted = world.now
    world.run(lambda: len(world.router.held) == 2)
    assert world.now < restarted + 100
    world.run(world.now + 1_000)
    assert {mapped.outer[0] for mapped in world.mapper.mappings.values()} == {"1.2.3.9"}


def test_a_router_whose_clock_stands_still_is_not_asked_all_the_time() -> None:
    router = Router()
    world = World(router, UDP, TCP)
    moving = router.answer
    router.answer = lambda data, now: moving(data, router.booted)  # type: ignore[method-assign]  # epoch 0 for ever
    world.run(AGAIN_MS)
    assert len(world.mapper.mappings) == 2
    assert len(router.heard) <= 3 * AGAIN_MS / RESTARTS_APART_MS


def test_a_router_whose_clock_runs_backwards_is_not_asked_all_the_time() -> None:
    router = Router(booted=0.0)
    world = World(router, UDP, TCP)
    forwards = router.answer
    router.answer = lambda data, now: forwards(data, 1e9 - 10_000 * len(router.heard))  # type: ignore[method-assign]  # ten seconds back each time
    world.run(AGAIN_MS)
    assert len(world.mapper.mappings) == 2
    assert len(router.heard) <= 3 * AGAIN_MS / RESTARTS_APART_MS


def test_a_late_answer_to_pcp_does_not_end_nat_pmp() -> None:
    world = World(Router(pcp=False))
    (newer,) = world.mapper.take_due(0.0)
    other_version = world.router.answer(newer, 0.0)
    assert other_version is not None
    world.mapper.receive(other_version, GATEWAY, 1.0)
    (address,) = world.mapper.take_due(1.0)
    world.mapper.receive(world.router.answer(address, 1.0) or b"", GATEWAY, 2.0)
    (port,) = world.mapper.take_due(2.0)
    world.mapper.receive(other_version, GATEWAY, 3.0)
    world.mapper.receive(world.router.answer(port, 3.0) or b"", GATEWAY, 4.0)
    assert world.mapped().via == "NAT-PMP"


@pytest.mark.parametrize("pcp", [True, False])
def test_a_refusal_is_told_and_asked_again_in_ten_minutes(pcp: bool) -> None:
    world = World(Router(pcp=pcp, result=2), UDP, TCP)
    world.run(AGAIN_MS - 1_000)
    assert world.mapper.refusal is Outcome.REFUSED
    assert len(world.router.heard) <= 3
    world.router.result = 0
    world.run(lambda: len(world.mapper.mappings) == 2)
    assert world.mapper.refusal is None


def test_a_renewal_that_is_refused_ends_with_the_mapping_and_without_hurry() -> None:
    world = World(Router())
    world.run(lambda: world.mapper.mappings)
    world.router.result = 8
    world.run(world.mapped().expires + 1_000)
    assert not world.mapper.mappings
    assert len(world.router.heard) < 20


def test_a_router_without_an_outer_address_has_none_to_give() -> None:
    world = World(Router(outer=bytes(4)))
    world.run(10_000.0)
    assert not world.mapper.mappings
    assert world.mapper.refusal is Outcome.NO_NETWORK


def test_a_router_behind_another_router_is_told_from_a_public_one() -> None:
    world = World(Router(outer=bytes([100, 64, 0, 7])))
    world.run(lambda: world.mapper.mappings)
    assert not world.mapped().public


@pytest.mark.parametrize("pcp", [True, False])
def test_at_the_end_everything_is_taken_back(pcp: bool) -> None:
    world = World(Router(pcp=pcp), UDP, TCP)
    world.run(lambda: len(world.mapper.mappings) == 2)
    assert len(world.router.held) == 2
    for goodbye in world.mapper.release():
        world.router.answer(goodbye, world.now)
    assert not world.router.held
    assert not world.mapper.mappings
    assert world.mapper.take_due(world.now + 10 * AGAIN_MS) == []


def test_nothing_from_anywhere_but_the_gateway_is_heard() -> None:
    world = World(Router())
    (request,) = world.mapper.take_due(0.0)
    answer = world.router.answer(request, 0.0)
    assert answer is not None
    for stranger in (("10.0.0.3", 5351), ("10.0.0.1", 5350)):
        world.mapper.receive(answer, stranger, 1.0)
    assert not world.mapper.mappings
    assert world.mapper.counters == {"stranger": 2}


def test_an_answer_about_another_port_or_with_another_nonce_is_not_ours() -> None:
    world = World(Router())
    (request,) = world.mapper.take_due(0.0)
    other_nonce = request[:24] + bytes(12) + request[36:]
    other_port = request[:40] + b"\0\x07" + request[42:]
    for wrong in (other_nonce, other_port):
        answer = world.router.answer(wrong, 0.0)
        assert answer is not None
        world.mapper.receive(answer, GATEWAY, 1.0)
    assert not world.mapper.mappings
    assert world.mapper.counters["unasked"] == 2


@settings(max_examples=60)
@given(st.lists(st.tuples(st.binary(max_size=64), st.booleans(), st.floats(0, 100_000)), max_size=20))
def test_whatever_the_gateway_says_it_is_asked_seldom(said: list[tuple[bytes, bool, float]]) -> None:
    world = World(Router(), UDP, TCP)
    sent, now = 0, 0.0
    for data, truthful, passed in said:
        for request in world.mapper.take_due(now):
            sent += 1
            answer = world.router.answer(request, now) if truthful else data
            world.mapper.receive(answer or b"", GATEWAY, now)
        now += passed
        world.mapper.handle_timeout(now)
    assert sent <= len(said)


def test_more_ports_than_are_ours_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="the most are"):
        PortMapper(GATEWAY, "10.0.0.2", [Want(Transport.UDP, n) for n in range(1, 9)], Random(1).randbytes)
