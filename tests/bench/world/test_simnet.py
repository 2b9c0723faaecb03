"""The simulated network does what its weather says, the same way each time."""

from __future__ import annotations

import random

import pytest

from bench.world.simnet import CALM, ROUGH, SimPath, Weather, World
from tunnel.events import Connected, Outcome, Resolved
from tunnel.frame import Frame
from tunnel.liveness import Phase
from tunnel.session import Role


def path(weather: Weather, seed: int = 1) -> SimPath:
    return SimPath(weather, random.Random(seed))


def tap(world: World) -> None:
    world.act(lambda now: world.sender.submit((Frame(1, 1300, int(now)), Frame(1, 2300, int(now) + 50)), now))


def story(seed: int) -> tuple[dict[int, list[float]], int, int, list[tuple[int, Outcome]]]:
    world = World([ROUGH] * 2, seed)
    for _ in range(40):
        world.run(100)
        tap(world)
    world.run(3_000)
    sent = [path.sent for path in world.sender.paths.all.values()]
    fates = [(int(event.id), event.outcome) for event in world.sender_events if isinstance(event, Resolved)]
    return world.played, world.delivered, sum(sent), fates


def test_a_seed_tells_one_story_and_another_seed_another() -> None:
    first, again, other = story(3), story(3), story(4)
    assert first == again
    assert first != other


def test_a_calm_path_delivers_everything_once_within_its_spread() -> None:
    calm = path(CALM)
    arrivals = [calm.arrivals(float(now), 0) for now in range(2_000)]
    assert all(len(copies) == 1 for copies in arrivals)
    delays = [copies[0] - now for now, copies in enumerate(arrivals)]
    assert 20 <= min(delays) < 22
    assert 58 < max(delays) <= 60


@pytest.mark.parametrize("loss", [0.02, 0.1, 0.5])
def test_bursts_take_the_share_of_time_they_are_told_to(loss: float) -> None:
    lossy = path(Weather(loss=loss, burst=200.0))
    lost = sum(not lossy.arrivals(10.0 * step, 0) for step in range(400_000))
    assert lost / 400_000 == pytest.approx(loss, rel=0.1)


def test_a_burst_loses_everything_for_its_while() -> None:
    lossy = path(Weather(loss=0.1, burst=200.0))
    runs, run = [], 0
    for now in range(100_000):
        if lossy.arrivals(float(now), 0):
            runs.append(run)
            run = 0
        else:
            run += 1
    bursts = [length for length in runs if length]
    assert bursts
    assert min(bursts) >= 199


def test_the_two_directions_have_their_own_bursts() -> None:
    lossy = path(Weather(loss=0.3))
    ways = [
        (bool(lossy.arrivals(float(now), 0)), bool(lossy.arrivals(float(now), 1))) for now in range(5_000)
    ]
    assert {(True, False), (False, True)} <= set(ways)


def test_copies_and_latecomers_come_as_often_as_told() -> None:
    odd = path(Weather(delay=40, spread=0, reorder=0.2, duplicate=0.3))
    arrivals = [odd.arrivals(0.0, 0) for _ in range(20_000)]
    assert sum(len(copies) == 2 for copies in arrivals) / 20_000 == pytest.approx(0.3, abs=0.02)
    late = [copies[0] for copies in arrivals if copies[0] > 40]
    assert len(late) / 20_000 == pytest.approx(0.2, abs=0.02)
    assert min(late) >= 80
    assert max(late) <= 160


def test_a_path_that_is_down_delivers_nothing_not_even_what_was_under_way() -> None:
    world = World([CALM], 1)
    world.run(500)
    tap(world)
    world.set_up(0, False)
    world.run(500)
    assert not world.played
    assert path(CALM).arrivals(0.0, 0)
    down = path(CALM)
    down.up = False
    assert not down.arrivals(0.0, 0)


def test_time_passes_exactly_as_far_as_told_and_never_back() -> None:
    world = World([CALM], 1)
    start = world.now
    for duration in (0.0, 1.0, 250.5, 10_000.0):
        world.run(duration)
    assert world.now == start + 10_251.5


def test_a_world_that_does_not_come_to_rest_says_so_instead_of_hanging() -> None:
    with pytest.raises(AssertionError, match="come to rest"):
        World([CALM], 1).run(60_000, steps=10)


@pytest.mark.parametrize("role", Role)
def test_a_restart_is_another_run_with_the_same_key(role: Role) -> None:
    world = World([CALM], 1)
    world.run(500)
    before = world.sender if role is Role.SENDER else world.receiver
    world.restart(role)
    world.run(5_000)
    assert (world.sender if role is Role.SENDER else world.receiver) is not before
    assert world.sender.phase is world.receiver.phase is Phase.LIVE
    told = world.receiver_events if role is Role.SENDER else world.sender_events
    assert told.count(Connected(fresh=True)) == 2


def test_a_lying_relay_may_drop_or_alter_anything() -> None:
    world = World([CALM], 1)
    world.paths[0].alter = lambda datagram: None
    world.run(2_000)
    assert world.delivered == 1  # the receiver's knock went the other way
    world.paths[0].alter = lambda datagram: datagram[:40]
    world.run(3_000)
    assert world.receiver.counters["dropped: forged handshake"] >= 1
    assert world.receiver.phase is Phase.DOWN
