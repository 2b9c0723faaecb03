from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.grammar import Parsed
from bot.modes.rules import GameRules
from config.codes import Control
from config.controllers import Controller


def test_a_pad_rests_for_as_long_as_any_press_needs(xbox: Controller) -> None:
    assert GameRules(xbox).gap_ms == 50
    assert GameRules(replace(xbox, gaps={(Control.A, 1): 300, (Control.B, 1): 20})).gap_ms == 300


def test_an_edition_of_the_same_page_is_the_same_game(
    xbox: Controller, read: Callable[[str], Parsed]
) -> None:
    rules = GameRules(xbox, name="racing")
    assert rules.is_of(GameRules(replace(xbox, default_ms=100), pause=read("start"), name="racing"))
    assert not rules.is_of(GameRules(xbox, name="platformer"))
    assert not rules.is_of(GameRules(replace(xbox, name="nes"), name="racing"))
