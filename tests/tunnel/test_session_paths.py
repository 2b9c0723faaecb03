"""Two sessions over paths that die, lag, lose and lie: what the inputs and the figures must not suffer."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from bench.world.simnet import CALM, Weather, World
from tunnel.envelope import Type, parse_header
from tunnel.events import Outcome, PeerSilent, Resolved
from tunnel.path import LOSSY, Path, PathId
from tunnel.session import Role

STEADY = Weather(delay=40, spread=0)
Connect = Callable[[list[Weather]], World]
Tap = Callable[[World], None]
Outcomes = Callable[[World], dict[int, Outcome]]


def paths(world: World) -> list[Path]:
    return list(world.sender.paths.all.values())


def only(*types: Type) -> Callable[[bytes], bytes | None]:
    """A relay that lets nothing else through."""
    return lambda datagram: datagram if parse_header(datagram).type in types else None


# Inputs


@pytest.mark.parametrize("every", [30, 50, 100, 200])
def test_inputs_that_keep_coming_do_not_put_off_the_resend_when_the_carriers_die_unnoticed(
    every: int, connect: Connect, tap: Tap
) -> None:
    world = connect([STEADY] * 3 + [Weather(delay=80, spread=0)] * 2)
    for _ in range(40):
        tap(world)
        world.run(251)
    carrying = [path.id for path in paths(world) if path.carrying]
    assert len(carrying) == 3
    before = len(world.played)
    for place in carrying:
        world.paths[place].alter = lambda datagram: None
    for _ in range(3_000 // every):
        tap(world)
        world.run(every)
    world.run(3_000)
    assert len(world.played) - before == 3_000 // every
    assert max(delay for times in world.played.values() for delay in times) < 500


def test_an_input_is_reported_lost_although_every_path_stays_down(
    connect: Connect, tap: Tap, outcomes: Outcomes
) -> None:
    world = connect([CALM])
    tap(world)
    world.set_up(0, False)
    world.run(15_000)
    assert outcomes(world) == {1: Outcome.LOST}


def test_receipts_also_go_back_on_the_path_the_inputs_came_on(
    connect: Connect, tap: Tap, outcomes: Outcomes
) -> None:
    world = connect([STEADY] * 3 + [Weather(delay=120, spread=0)] * 2)
    for _ in range(30):
        tap(world)
        world.run(100)
    # All the receiver would choose goes dead at once; inputs still come on the slow path it would not choose.
    last = next(path.id for path in world.receiver.paths.all.values() if not path.carrying)
    for place, path in enumerate(world.paths):
        path.alter = None if place == last else only()
    before = len(world.played)
    tap(world)
    world.run(600)
    assert len(world.played) == before + 1
    assert outcomes(world)[before + 1] is Outcome.APPLIED


# Figures


def test_handshakes_nobody_heard_are_no_loss() -> None:
    world = World([CALM] * 5, seed=1)
    for path in world.paths:
        path.alter = only()  # the receiver is not there yet
    world.run(30_000)
    for path in world.paths:
        path.alter = None
    world.run(5_000)
    assert [path.loss for path in paths(world)] == [0.0] * 5


def test_jitter_is_no_loss(connect: Connect, tap: Tap) -> None:
    world = connect([CALM] * 5)
    for _ in range(400):
        tap(world)
        world.run(10)
    assert max(path.loss for path in paths(world)) < LOSSY


def test_a_heartbeat_counts_everything_that_was_put_on_its_path(connect: Connect, tap: Tap) -> None:
    world = connect([STEADY])
    for _ in range(50):
        tap(world)
        world.run(50)
        assert paths(world)[0].loss == 0.0


def test_a_relay_cannot_make_up_for_what_it_drops_by_doubling_the_rest(
    connect: Connect, tap: Tap, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = connect([STEADY] + [Weather(delay=50, spread=0)] * 4)
    numbers, put = itertools.count(), world._put

    def double_or_nothing(datagram: bytes, place: int, direction: int) -> None:
        copies = 1 if place else 2 * (next(numbers) % 2)
        for _ in range(copies):
            put(datagram, place, direction)

    monkeypatch.setattr(world, "_put", double_or_nothing)
    for _ in range(200):
        tap(world)
        world.run(50)
    assert paths(world)[0].loss > LOSSY
    assert max(path.loss for path in paths(world)[1:]) < LOSSY
    assert not paths(world)[0].carrying
    assert world.receiver.counters["replays"] > 0


def test_each_path_counts_a_datagram_once_however_often_it_is_replayed(connect: Connect, tap: Tap) -> None:
    world = connect([STEADY] * 2)
    tape: list[bytes] = []
    world.paths[0].alter = lambda datagram: tape.append(datagram) or datagram  # type: ignore[func-returns-value]
    tap(world)
    world.paths[0].alter = None
    world.run(200)
    receiver = world.receiver
    before = [(path.heard, path.first) for path in receiver.paths.all.values()]
    replays = receiver.counters["replays"]
    [datagram] = [each for each in tape if parse_header(each).type is Type.INPUTS]
    for place in (0, 1) * 10:
        world.inject(datagram, place, Role.RECEIVER)
    assert [(path.heard, path.first) for path in receiver.paths.all.values()] == before
    assert receiver.counters["replays"] == replays + 20


def test_only_inputs_count_for_the_path_that_was_first(connect: Connect, tap: Tap) -> None:
    world = connect([STEADY, Weather(delay=80, spread=0)])
    world.act(lambda now: world.sender.send_note(7, b"first"))
    world.run(5_000)
    assert [path.first for path in world.receiver.paths.all.values()] == [0, 0]
    for _ in range(3):
        tap(world)
        world.run(300)
    assert [path.first for path in world.receiver.paths.all.values()] == [3, 0]


def test_a_path_that_turns_slower_than_all_trust_does_not_keep_its_good_name(
    connect: Connect, tap: Tap
) -> None:
    world = connect([Weather(delay=20, spread=0)] + [Weather(delay=60, spread=0)] * 4)
    for _ in range(60):
        tap(world)
        world.run(50)
    assert paths(world)[0].carrying
    world.paths[0].weather = Weather(delay=7_000, spread=0)
    world.run(20_000)
    slow = paths(world)[0]
    assert slow.delay is not None
    assert slow.delay > 60 or slow.view(world.now).silent_for > 6_500
    tap(world)
    assert not slow.carrying


def test_one_slow_relay_does_not_make_everybody_wait_longer_before_sending_again(
    connect: Connect, tap: Tap
) -> None:
    world = connect([Weather(delay=20, spread=2)] * 4)
    for _ in range(60):
        tap(world)
        world.run(50)
    clock = world.sender.clock
    assert clock is not None
    before = clock.resend_timeout
    world.paths[3].weather = Weather(delay=3_000, spread=2)
    world.run(10_000)
    assert clock.resend_timeout <= before < 150


# Silence


def test_an_input_after_a_pause_is_no_reason_to_suspect_silence(connect: Connect, tap: Tap) -> None:
    world = connect([Weather(delay=100, spread=100)])  # idle heartbeats come up to 1.2 s apart
    for step in range(30):
        tap(world)
        world.run(8_000 + 37 * step)
    assert PeerSilent() not in world.sender_events
    assert PeerSilent() not in world.receiver_events
    assert sum(isinstance(event, Resolved) for event in world.sender_events) == 30


# What the streamer wants


def test_over_a_pinned_path_nothing_is_lost_when_it_dies_unnoticed_and_it_carries_alone_again_afterwards(
    connect: Connect, tap: Tap
) -> None:
    world = connect([STEADY] * 3 + [Weather(delay=80, spread=0)])
    for end in (world.sender, world.receiver):
        end.paths.all[PathId(3)].pinned = True
    world.run(2_000)
    tap(world)
    assert [path.carrying for path in paths(world)] == [False, False, False, True]
    world.paths[3].alter = lambda datagram: None
    for _ in range(100):
        tap(world)
        world.run(100)
    assert [path.carrying for path in paths(world)][:3] == [True, True, True]
    world.paths[3].alter = None
    for _ in range(30):
        tap(world)
        world.run(100)
    world.run(1_000)
    assert [path.carrying for path in paths(world)] == [False, False, False, True]
    assert len(world.played) == 1 + 100 + 30
    assert all(len(times) == 1 for times in world.played.values())


def test_an_input_is_played_although_the_pinned_path_carries_everything_but_inputs(
    connect: Connect, tap: Tap, outcomes: Outcomes
) -> None:
    world = connect([STEADY] * 4)
    world.sender.paths.all[PathId(0)].pinned = True
    world.run(2_000)
    world.paths[0].alter = only(Type.HELLO, Type.WELCOME, Type.NOTES)
    for _ in range(50):
        tap(world)
        world.run(200)
    world.run(1_000)
    assert paths(world)[0].carrying
    assert set(outcomes(world).values()) == {Outcome.APPLIED}
    assert len(world.played) == 50


def test_a_spared_path_costs_its_heartbeats_and_what_has_to_be_repeated(connect: Connect, tap: Tap) -> None:
    world = connect([STEADY] * 4)
    for end in (world.sender, world.receiver):
        end.paths.all[PathId(0)].spared = True
    world.run(2_000)
    before = [path.sent for path in paths(world)]
    for _ in range(50):
        tap(world)
        world.run(200)
    sent = [path.sent - earlier for path, earlier in zip(paths(world), before, strict=True)]
    assert sent[0] <= 42, "four heartbeats a second, for ten seconds"
    assert min(sent[1:]) >= 90
    world.set_up(1, False)
    world.set_up(2, False)
    world.set_up(3, False)
    before_dead = len(world.played)
    tap(world)
    world.run(300)
    assert len(world.played) == before_dead + 1
