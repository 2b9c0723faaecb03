from __future__ import annotations

import pytest

from bot.chat.line import Triggered, TriggerKind
from bot.game.triggers import rule_for
from config.games import TriggerRule

JUMP = TriggerRule("reward", "Big Jump", 0, "a1s")
ANY_REWARD = TriggerRule("reward", "", 0, "b")
BITS = TriggerRule("cheer", "", 100, "x")
MANY_BITS = TriggerRule("cheer", "", 500, "y")
SUB = TriggerRule("subscription", "", 0, "start")
RULES = (ANY_REWARD, JUMP, BITS, MANY_BITS, SUB)


def event(kind: TriggerKind, title: str = "", amount: int = 1) -> Triggered:
    return Triggered("e1", kind, "7", "Ada", title, amount, "", 0.0)


@pytest.mark.parametrize(
    ("happened", "rule"),
    [
        (event(TriggerKind.REWARD, "big jump "), JUMP),
        (event(TriggerKind.REWARD, "Hydrate"), ANY_REWARD),
        (event(TriggerKind.CHEER, amount=99), None),
        (event(TriggerKind.CHEER, amount=100), BITS),
        (event(TriggerKind.CHEER, amount=2_000), MANY_BITS),
        (event(TriggerKind.SUBSCRIPTION), SUB),
        (event(TriggerKind.GIFT, amount=5), None),
    ],
)
def test_the_rule_that_fits_best_applies(happened: Triggered, rule: TriggerRule | None) -> None:
    assert rule_for(RULES, happened) is rule


def test_a_page_without_rules_maps_nothing() -> None:
    assert rule_for((), event(TriggerKind.CHEER, amount=1_000)) is None
