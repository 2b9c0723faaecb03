"""What a moderator takes back, in all three places where it may be: in the mode, before the tunnel, held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.grammar import Language, Parsed, parse
from bot.modes.council import Council
from bot.modes.mode import Choice, Offer
from bot.modes.rules import GameRules
from bot.observer import Observer
from bot.recall import Recall
from bot.sending.dispatch import Dispatch
from config.controllers import Controller, Move
from config.play import AnarchyOptions, ModesConfig
from tunnel.events import Connected, PeerSilent

World = Any  # that of conftest.py
Way = Callable[..., tuple[Recall, Council, Dispatch]]


def moves(controller: Controller, text: str) -> frozenset[Move]:
    parsed = parse(text, Language(controller))
    assert isinstance(parsed, Parsed)
    return parsed.moves


@pytest.fixture
def way(world: World, xbox: Controller, say: Callable[..., Any]) -> Way:
    """Makes a way on which kim's `text` is once in each place, and ada's `b` after it."""

    def build(text: str) -> tuple[Recall, Council, Dispatch]:
        config = ModesConfig(anarchy=AnarchyOptions(together=1))
        council = Council(config, GameRules(xbox), queue=9, pads=1, now=0, on_change=lambda _: None)
        dispatch = Dispatch(world, queue=9, labels=False, observer=Observer())
        dispatch.handle_event(Connected(fresh=True))
        for typed, user in [(text, "kim"), ("b", "ada")]:
            parsed = parse(typed, Language(xbox))
            assert isinstance(parsed, Parsed)
            line = say(typed, user, id=f"{user}'s")
            choice = Choice(parsed.steps, line, line.name, typed, 0)
            dispatch.handle_event(Connected(fresh=True))
            if not dispatch.waiting:
                dispatch.send(choice, 0)
            dispatch.handle_event(PeerSilent())
            dispatch.send(choice, 0)
            for _ in range(2):
                council.offer(Offer(line, parsed), 0)
        council.handle_timeout(0)  # the first of them plays
        assert (council.waiting, dispatch.waiting) == (3, 2)
        return Recall(council, dispatch), council, dispatch

    return build


def test_a_viewer_s_go_with_the_viewer(way: Way, world: World) -> None:
    recall, council, dispatch = way("a")
    recall.user("kim", 1)
    assert (council.waiting, dispatch.waiting, world.cancelled) == (2, 1, [(1,)])


def test_a_message_s_go_with_the_message(way: Way, world: World) -> None:
    recall, council, dispatch = way("a")
    recall.message("kim's", 1)
    assert (council.waiting, dispatch.waiting, world.cancelled) == (2, 1, [(1,)])


def test_what_presses_a_locked_button_goes(way: Way, world: World, xbox: Controller) -> None:
    recall, council, dispatch = way("upleft+a")
    recall.moves(moves(xbox, "up+x"), 1)
    assert (council.waiting, dispatch.waiting, world.cancelled) == (2, 1, [(1,)])


def test_what_uses_a_word_one_viewer_may_not_use_goes_from_that_viewer(
    way: Way, world: World, xbox: Controller
) -> None:
    recall, council, dispatch = way("upleft+b")
    recall.word("kim", moves(xbox, "up+x"), 1)
    recall.word("ada", moves(xbox, "up"), 1)
    assert (council.waiting, dispatch.waiting, world.cancelled) == (3, 2, [])
    recall.word("kim", moves(xbox, "b"), 1)
    assert (council.waiting, dispatch.waiting, world.cancelled) == (2, 1, [(1,)])


def test_everything_goes_and_what_another_run_has_left_too(way: Way, world: World) -> None:
    recall, council, dispatch = way("a")
    recall.everything()
    assert (council.waiting, dispatch.waiting, world.cancelled) == (0, 0, [()])
