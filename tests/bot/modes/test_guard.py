from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.modes.guard import NOTHING, Guard
from bot.modes.mode import Offer
from bot.modes.stage import Stage
from config.codes import Control
from config.controllers import Controller

Build = Callable[..., Offer]
RESET = frozenset({Control.START, Control.BACK})
FOUR = frozenset({Control.A, Control.B, Control.LT, Control.RT})


@pytest.fixture
def guard(xbox: Controller, stage: Stage) -> Guard:
    return Guard(replace(xbox, forbidden=(*xbox.forbidden, RESET, FOUR)), stage)


@pytest.mark.parametrize(
    ("plays", "typed", "agrees"),
    [
        ("start5s", "back", False),
        ("start5s", "start", True),
        ("start5s", "a back", False),
        ("start5s", "&2back", True),
        ("back start5s", "x", True),
        ("a+b", "lt", True),
        ("a+b", "lt rt", False),
        ("left5s", "right", True),
        ("up5s", "a+down", True),
        ("", "start back", True),
        ("start", "start back", False),
    ],
)
def test_what_would_make_up_a_forbidden_combination_waits(
    guard: Guard, stage: Stage, offer: Build, plays: str, typed: str, agrees: bool
) -> None:
    if plays:
        before = offer(plays)
        stage.begin(before.chosen(before.parsed.steps), before.parsed.pads, 0)
    assert guard.agrees(guard.touched(offer(typed).parsed)) == agrees


def test_so_does_what_would_make_up_one_with_somebody_who_is_before(guard: Guard, offer: Build) -> None:
    start, back = (guard.touched(offer(text).parsed) for text in ("start", "back"))
    assert guard.agrees(back)
    assert not guard.agrees(back, claimed=start)
    assert guard.agrees(NOTHING, claimed=start)


def test_where_only_opposites_are_forbidden_nothing_is_looked_at(
    xbox: Controller, stage: Stage, offer: Build
) -> None:
    assert Guard(xbox, stage).touched(offer("up start back").parsed) == NOTHING
