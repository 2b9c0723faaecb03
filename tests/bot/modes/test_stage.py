from __future__ import annotations

import math
from collections.abc import Callable

from bot.modes.mode import Choice, Offer
from bot.modes.stage import Stage
from config.codes import Control

Build = Callable[..., Offer]


def choice(offer: Offer) -> Choice:
    return offer.chosen(offer.parsed.steps)


def test_what_was_begun_plays_until_its_end_and_no_longer(stage: Stage, offer: Build) -> None:
    stage.begin(choice(offer("a100ms")), {1}, 0)
    stage.begin(choice(offer("b50ms+&2x")), {1, 2}, 0)
    assert [stage.on(pad, 49) for pad in stage.pads] == [2, 1, 0, 0]
    assert (stage.next_end(1), stage.next_end(3)) == (100, None)
    assert stage.free_ms == 200
    assert [stage.on(pad, 100) for pad in stage.pads] == [1, 1, 0, 0]
    stage.handle_timeout(200)
    assert [stage.next_end(pad) for pad in stage.pads] == [None] * 4
    assert stage.free_ms == 200, "so that a gap can be kept after it"


def test_it_knows_what_is_pressed_on_each_pad(stage: Stage, offer: Build) -> None:
    stage.begin(choice(offer("a+&2b x")), {1, 2}, 0)
    stage.begin(choice(offer("up")), {1}, 0)
    assert stage.controls(1) == {Control.A, Control.X, Control.UP}
    assert stage.controls(2) == {Control.B}
    assert stage.controls(3) == frozenset()


def test_what_is_cancelled_plays_no_more(stage: Stage, offer: Build) -> None:
    for user, text in [("ada", "a5s"), ("bob", "b"), ("ada", "x1s")]:
        stage.begin(choice(offer(text, user)), {1}, 0)
    stage.cut(lambda choice: choice.name == "Ada")
    assert (stage.on(1, 0), stage.free_ms, stage.broken) == (1, 200, False)
    stage.cut(lambda _: True)
    assert (stage.on(1, 0), stage.free_ms) == (0, -math.inf)


def test_what_had_to_be_played_to_its_end_is_broken_only_on_its_way(stage: Stage, offer: Build) -> None:
    stage.begin(choice(offer("a1s")), {1}, 0, whole=True)
    stage.begin(choice(offer("b5s")), {1}, 0)
    stage.cut(lambda choice: choice.text == "b5s")
    assert not stage.broken
    stage.handle_timeout(1_000)
    stage.cut(lambda _: True)
    assert not stage.broken
    stage.begin(choice(offer("a1s")), {1}, 2_000, whole=True)
    stage.handle_timeout(2_999)
    stage.cut(lambda _: True)
    assert stage.broken
