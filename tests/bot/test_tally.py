from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.assembly import Assembled
from bot.chat.line import ChatLine
from bot.observer import BotStats
from tunnel.events import Outcome, PeerSilent, Resolved
from tunnel.frame import SequenceId

Say = Callable[..., ChatLine]
OUTCOMES = (Outcome.APPLIED, Outcome.STALE, Outcome.REFUSED, Outcome.CANCELLED, Outcome.LOST)
Build = Callable[..., Assembled]


def ends(stats: BotStats) -> int:
    return (
        stats.passed_over + stats.shed + stats.late + stats.cancelled + stats.applied + stats.stale
        + stats.declined + stats.lost + stats.waiting + stats.in_flight
    )  # fmt: skip


def test_every_command_has_exactly_one_end_in_every_mode(build: Build, world: Any, say: Say) -> None:
    for mode in ("anarchy", "democracy", "turns", "teams"):
        world.submitted.clear()
        flow = build(modes={"start": mode, "anarchy": {"together": 1}}, pads=2, queue=3).flow
        for second in range(40):
            now = second * 1_000.0
            flow.handle([say("a2s", f"u{second % 7}"), say("b", f"u{second % 5}")], now)
            if second % 5 == 0:
                flow.handle_event(PeerSilent())
            flow.handle_timeout(now + 500)
        answered = len(world.submitted) // 2
        for place in range(answered):
            flow.handle_event(Resolved(SequenceId(place + 1), OUTCOMES[place % len(OUTCOMES)], None))
        world.in_flight = len(world.submitted) - answered
        stats = flow.stats()
        assert ends(stats) == stats.commands + stats.prompted, mode
        world.in_flight = 0


def test_a_line_is_one_thing_only(build: Build, say: Say) -> None:
    flow = build(modes={"vote": {"enabled": True}}).flow
    texts = ["hi", "a", "a500q", "!help", "!nothing", "anarchy", "b+x", "#nope(", "..."]
    flow.handle([say(text) for text in texts], now=0)
    stats = flow.stats()
    things = (stats.talk, stats.asked, stats.voted, stats.refused, stats.limited, stats.commands)
    assert sum(things) == stats.lines == len(texts)
