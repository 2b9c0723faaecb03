from __future__ import annotations

from dataclasses import replace

import pytest

from bot.observer import Observer
from bot.show import AGAIN_MS, EVERY_MS, Show
from config.notes import MODE
from config.view_note import unpack_view
from config.views import Candidate, ModeView

QUIET = ModeView("democracy", "Type an input to vote.")


class World(Observer):
    """The state of things, the tunnel that carries it and the page beside it, in one."""

    def __init__(self) -> None:
        self.now_view = QUIET
        self.window_ms: float | None = 10_000
        self.sent: list[ModeView] = []
        self.seen: list[ModeView] = []

    def view(self, now: float) -> ModeView:
        left_ms = None if self.window_ms is None else self.window_ms - now
        return replace(self.now_view, ends_in_ms=left_ms)

    def send_note(self, kind: int, body: bytes) -> None:
        assert kind == MODE
        self.sent.append(unpack_view(body))

    def mode(self, view: ModeView) -> None:
        self.seen.append(view)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def show(world: World) -> Show:
    return Show(world.view, world, world)


def test_the_first_look_is_told_at_once(world: World, show: Show) -> None:
    show.handle_timeout(0)
    assert world.sent == world.seen == [replace(QUIET, ends_in_ms=10_000)]


def test_a_change_is_told_and_a_clock_that_runs_is_none(world: World, show: Show) -> None:
    show.handle_timeout(0)
    show.handle_timeout(EVERY_MS)
    assert len(world.sent) == 1
    world.now_view = replace(QUIET, candidates=(Candidate("a", 1),))
    show.handle_timeout(2 * EVERY_MS)
    assert [view.candidates for view in world.sent] == [(), (Candidate("a", 1),)]


def test_many_changes_are_told_four_times_a_second(world: World, show: Show) -> None:
    for now in range(1_000):
        world.now_view = replace(QUIET, voters=now)
        show.handle_timeout(float(now))
    assert len(world.sent) == 4


def test_what_stays_the_same_is_told_again_for_pages_opened_late(world: World, show: Show) -> None:
    now = 0.0
    while now <= 2 * AGAIN_MS:
        show.handle_timeout(now)
        now = show.next_timeout()
    assert len(world.sent) == 3


def test_a_clock_that_was_set_anew_is_told_at_once(world: World, show: Show) -> None:
    show.handle_timeout(0)
    world.window_ms = 20_000
    show.handle_timeout(EVERY_MS)
    assert [view.ends_in_ms for view in world.sent] == [10_000, 20_000 - EVERY_MS]


def test_a_delay_that_flickers_is_no_news(world: World, show: Show) -> None:
    world.window_ms = None
    world.now_view = replace(QUIET, delay_ms=310)
    show.handle_timeout(0)
    world.now_view = replace(QUIET, delay_ms=390)
    show.handle_timeout(EVERY_MS)
    assert len(world.sent) == 1
    world.now_view = replace(QUIET, delay_ms=900)
    show.handle_timeout(2 * EVERY_MS)
    assert len(world.sent) == 2


def test_nobody_is_named_where_names_stay_at_home(world: World) -> None:
    world.now_view = replace(QUIET, player="Ada", queue=("Kim",))
    Show(world.view, world, world, names=False).handle_timeout(0)
    assert (world.sent[0].player, world.sent[0].queue) == ("", ())
