"""Short ways to make things happen in the world of two sessions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.world.simnet import Weather, World
from tunnel.events import Outcome, Resolved
from tunnel.frame import Frame
from tunnel.liveness import Phase

Connect = Callable[[list[Weather]], World]
Tap = Callable[[World], None]
Outcomes = Callable[[World], dict[int, Outcome]]


@pytest.fixture
def connect() -> Connect:
    """connect(weathers): a world whose ends have just found each other."""

    def make(weathers: list[Weather]) -> World:
        world = World(weathers, seed=1)
        world.run(400)
        assert world.sender.phase is world.receiver.phase is Phase.LIVE
        return world

    return make


@pytest.fixture
def tap() -> Tap:
    """tap(world): the sender's program presses a button now and lets go of it after a fifth of a second."""

    def press(world: World) -> None:
        date = int(world.now)
        frames = (Frame(1, 1300, date), Frame(1, 2300, date + 200))
        world.act(lambda now: world.sender.submit(frames, now))

    return press


@pytest.fixture
def outcomes() -> Outcomes:
    """outcomes(world): what the sender has learnt, by id; the last word where an id was used twice."""

    def told(world: World) -> dict[int, Outcome]:
        return {event.id: event.outcome for event in world.sender_events if isinstance(event, Resolved)}

    return told
