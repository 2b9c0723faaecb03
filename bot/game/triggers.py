"""Channel points, bits and subscriptions that stand for inputs: which rule of the game page applies. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chat.line import Triggered
from config.games import TriggerRule


def rule_for(rules: Iterable[TriggerRule], event: Triggered) -> TriggerRule | None:
    """Of the rules that fit, the one that asks for most: 500 bits do what 500 bits do, not what 100 do."""
    fitting = [rule for rule in rules if _fits(rule, event)]
    return max(fitting, key=lambda rule: (bool(rule.title), rule.least), default=None)


def _fits(rule: TriggerRule, event: Triggered) -> bool:
    """Titles are compared as people read them; a rule without one takes any."""
    if rule.kind != event.kind or event.amount < rule.least:
        return False
    return not rule.title or rule.title.strip().casefold() == event.title.strip().casefold()
