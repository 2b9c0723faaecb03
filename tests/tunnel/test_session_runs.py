"""Programs that end and start again: no run speaks for another, and no recording of one stops the next."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from bench.world.simnet import CALM, Weather, World
from tunnel.envelope import Type, parse_header
from tunnel.events import Connected, Outcome, PeerSilent, SequenceArrived
from tunnel.frame import Frame, SequenceId
from tunnel.identity import Identity, random_bytes
from tunnel.liveness import Phase
from tunnel.offers import KNOCK
from tunnel.path import LOSSY, PathId
from tunnel.session import Role, Session
from tunnel.timing import Timing

Connect = Callable[[list[Weather]], World]
Tap = Callable[[World], None]
Outcomes = Callable[[World], dict[int, Outcome]]


def test_a_report_about_an_id_that_this_run_never_used_is_ignored_and_counted(
    connect: Connect, tap: Tap, outcomes: Outcomes
) -> None:
    world = connect([CALM])
    for _ in range(5):
        tap(world)
    world.run(500)
    world.restart(Role.SENDER)
    world.run(500)
    # The receiver's program says what became of something it still held of the last run.
    world.receiver.report(SequenceId(2), Outcome.CANCELLED, world.now + world.skew)
    assert world.receiver.counters["reports of another run"] == 1
    played = len(world.played[2])
    for _ in range(2):
        tap(world)
    world.run(500)
    assert len(world.played[2]) == played + 1
    assert outcomes(world)[2] is Outcome.APPLIED


@pytest.mark.parametrize("role", Role)
def test_another_run_of_one_end_is_no_loss_to_the_other(role: Role, connect: Connect, tap: Tap) -> None:
    world = connect([CALM] * 3)
    for _ in range(50):
        tap(world)
        world.run(100)
    world.restart(role)
    for _ in range(100):
        world.run(100)
        tap(world)
    assert world.sender.phase is world.receiver.phase is Phase.LIVE
    for session in (world.sender, world.receiver):
        assert max(path.loss for path in session.paths.all.values()) < LOSSY


def test_a_relay_that_replays_old_handshakes_does_not_keep_a_new_run_out(tap: Tap) -> None:
    world = World([CALM] * 3, seed=1)
    recorded: dict[bytes, None] = {}

    def record(datagram: bytes) -> bytes:
        if parse_header(datagram).type is Type.HELLO:
            recorded[datagram] = None
        return datagram

    world.paths[0].alter = record
    for _ in range(20):
        world.restart(Role.SENDER)
        world.run(400)
    assert len(recorded) >= 20
    old = itertools.cycle(recorded)
    due: list[float] = []

    def notice(datagram: bytes) -> bytes:
        if parse_header(datagram).type is Type.HELLO:
            due.append(world.now + 75)  # after the new one has come, and before it can be used
        return datagram

    world.paths[0].alter = notice
    connected = world.receiver_events.count(Connected(fresh=True))
    world.restart(Role.SENDER)
    for _ in range(1_000):
        world.run(5)
        while due and due[0] <= world.now:
            due.pop(0)
            for datagram in itertools.islice(old, 9):
                world.inject(datagram, 0, Role.RECEIVER)
    assert world.sender.phase is world.receiver.phase is Phase.LIVE
    assert world.receiver_events.count(Connected(fresh=True)) == connected + 1
    tap(world)
    world.run(500)
    assert len(world.played) == 1


def test_a_receiver_that_signs_inputs_does_not_silence_its_sender() -> None:
    world = World([CALM], 1)
    world.run(400)
    channel = world.receiver._keyring.current
    assert channel is not None
    world.inject(channel.seal(Type.INPUTS, bytes(100)), 0, Role.SENDER)
    assert world.sender.phase is Phase.LIVE
    assert world.sender.counters["dropped: not for this end"] == 1


def test_a_sender_that_was_suspended_is_believed_again_within_a_second() -> None:
    world = World([CALM] * 2, 1)
    world.run(2_000)
    for _ in range(4):
        world.act(lambda now: world.sender.submit((Frame(1, 1300, int(now)),), now))
        world.run(500)
    world.skew += 5_000  # the sender's clock stood still for five seconds
    world.run(1_000)
    before = len(world.played)
    for _ in range(10):
        world.act(lambda now: world.sender.submit((Frame(1, 1300, int(now)),), now))
        world.run(500)
    assert len(world.played) >= before + 9


def test_a_captured_datagram_of_an_unused_handshake_opens_nothing_later() -> None:
    world = World([CALM], 1)
    held: list[bytes] = []

    def eat(datagram: bytes) -> bytes | None:
        if parse_header(datagram).type in (Type.HELLO, Type.WELCOME):
            return datagram
        held.append(datagram)
        return None

    world.paths[0].alter = eat
    world.run(1_000)
    world.paths[0].alter = lambda datagram: None
    world.run(20_000)
    assert held
    for datagram in held:
        world.inject(datagram, 0, Role.RECEIVER)
    assert world.receiver.phase is Phase.DOWN


def test_a_date_at_the_end_of_64_bits_does_not_keep_the_link_lively_for_ever() -> None:
    world = World([CALM], 1)
    world.run(400)
    world.act(lambda now: world.sender.submit((Frame(1, 1300, 2**64 - 1),), now))
    world.run(80_000)
    sent = world.receiver.paths.all[PathId(0)].sent
    world.run(10_000)
    assert world.receiver.paths.all[PathId(0)].sent - sent <= 12


def test_who_comes_late_is_met_at_once() -> None:
    """The first offer went into an empty room; without a knock the next one is seconds away."""
    bot, cloud = Identity.create(), Identity.create()
    sender, receiver = (
        Session(
            role=role,
            identity=own,
            peer=other.public,
            paths=[PathId(0)],
            random=random_bytes,
            timing=Timing(),
        )
        for role, own, other in ((Role.SENDER, bot, cloud), (Role.RECEIVER, cloud, bot))
    )
    now = 1_700_000_000_000.0
    sender.path_up(PathId(0), now)
    for _ in range(5):  # nobody is there
        sender.handle_timeout(now)
        sender.collect(now)
        now = sender.next_timeout()
    now -= 2_000
    receiver.path_up(PathId(0), now)
    ends, came = (receiver, sender), 0
    for _ in range(4):  # the knock, the offer, the answer, its first use
        for transmit in ends[0].collect(now):
            ends[1].receive(transmit.datagram, PathId(0), now)
            came += 1
        ends[1].handle_timeout(now)
        ends = (ends[1], ends[0])
    assert came >= 4
    assert sender.phase is receiver.phase is Phase.LIVE


def test_a_receiver_that_restarts_is_met_before_its_silence_is_noticed(tap: Tap) -> None:
    """Even if it does so in no time, while what its last run said is still fresh."""
    world = World([CALM] * 2, seed=3)
    world.run(5_000)
    world.restart(Role.RECEIVER)
    world.run(1_500)
    assert PeerSilent() not in world.sender_events
    world.receiver_events.clear()
    tap(world)
    world.run(200)
    assert any(isinstance(event, SequenceArrived) for event in world.receiver_events)


def test_a_receiver_that_was_gone_for_longer_than_a_heartbeat_is_met_at_once(tap: Tap) -> None:
    world = World([CALM] * 2, seed=3)
    world.run(5_000)
    for place in range(2):
        world.receiver.path_down(PathId(place))  # its program has ended
    world.run(1_400)
    world.restart(Role.RECEIVER)
    world.run(300)
    assert PeerSilent() not in world.sender_events
    world.receiver_events.clear()
    tap(world)
    world.run(200)
    assert any(isinstance(event, SequenceArrived) for event in world.receiver_events)


class Scale:
    """Weighs what goes over each path, in both directions; the first path's relay may keep what it gets."""

    def __init__(self, world: World, *, withholds: bool) -> None:
        self.bytes = [0] * len(world.paths)
        self.hellos = [0] * len(world.paths)
        self.withholds = withholds
        for place, path in enumerate(world.paths):
            path.alter = partial(self.weigh, place)

    def weigh(self, place: int, datagram: bytes) -> bytes | None:
        is_handshake = parse_header(datagram).type in (Type.HELLO, Type.WELCOME)
        self.bytes[place] += len(datagram)
        self.hellos[place] += parse_header(datagram).type is Type.HELLO
        return None if self.withholds and place == 0 and not is_handshake else datagram


def a_minute(*, knocks: bool, withholds: bool) -> Scale:
    """Of rest, on three paths; the first one's relay may knock every second."""
    world = World([CALM] * 3, seed=3)
    world.run(2_000)
    scale = Scale(world, withholds=withholds)
    for _ in range(60):
        if knocks:
            world.inject(KNOCK, 0, Role.SENDER)
        world.run(1_000)
    assert world.sender.phase is world.receiver.phase is Phase.LIVE
    return scale


def test_a_relay_that_repeats_knocks_costs_nobody_a_byte_while_its_path_is_heard() -> None:
    quiet, loud = (a_minute(knocks=knocks, withholds=False) for knocks in (False, True))
    assert loud.hellos == quiet.hellos == [0, 0, 0]
    assert loud.bytes == quiet.bytes


def test_a_relay_that_also_withholds_what_it_carries_buys_few_handshakes_and_over_itself_alone() -> None:
    quiet, loud = (a_minute(knocks=knocks, withholds=True) for knocks in (False, True))
    assert 1 <= loud.hellos[0] <= 3 + 60 / 10
    assert loud.hellos[1:] == quiet.hellos[1:] == [0, 0]
    for place in (1, 2):
        assert loud.bytes[place] <= 1.15 * quiet.bytes[place]
