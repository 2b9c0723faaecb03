from __future__ import annotations

from collections.abc import Callable

from bot.modes.mode import Choice, Offer
from bot.modes.outbox import Outbox

Build = Callable[..., Offer]


def choice(offer: Offer) -> Choice:
    return offer.chosen(offer.parsed.steps)


def test_what_leaves_is_counted_then_and_not_before(offer: Build) -> None:
    outbox, first, second = Outbox(), choice(offer("a")), choice(offer("b", "bob"))
    outbox.put(first)
    outbox.put(second)
    assert (len(outbox), outbox.counters) == (2, {})
    assert outbox.take() == [first, second]
    assert (len(outbox), outbox.take()) == (0, [])
    assert outbox.counters == {"chosen": 2}


def test_until_it_leaves_it_can_be_taken_back(offer: Build) -> None:
    outbox = Outbox()
    for user in ("ada", "bob"):
        outbox.put(choice(offer("a", user)))
    assert outbox.remove(lambda choice: choice.name == "Ada") == 1
    assert [choice.name for choice in outbox.take()] == ["Bob"]
    assert outbox.counters == {"taken_back": 1, "chosen": 1}
