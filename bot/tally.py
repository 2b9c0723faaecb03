"""Adds up what became of every line: what was heard, what the mode made of it, what the receiver answered."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bot.crowd import Verdict
from bot.modes.council import Council
from bot.observer import BotStats
from bot.sending.dispatch import Dispatch

# Also what came after it had been taken back: its writer may not, either.
_LIMITED: Final = (
    *(verdict.value for verdict in Verdict if verdict is not Verdict.ADMITTED),
    "retracted",
)


class Tally:
    """counters  `lines`, and what each was: `talk`, `asked`, `voted`, `refused`, `commands`, or a verdict's
    name; `prompted`: inputs that nobody typed; `not_let_out`: chosen, but at rest or forbidden by then
    """

    def __init__(self, council: Council, dispatch: Dispatch) -> None:
        self.counters: Counter[str] = Counter()
        self._council = council
        self._dispatch = dispatch

    def stats(self) -> BotStats:
        """The figures, now."""
        heard, decided, sent = self.counters, self._council.counters, self._dispatch.counters
        return BotStats(
            lines=heard["lines"],
            talk=heard["talk"],
            asked=heard["asked"],
            voted=heard["voted"],
            refused=heard["refused"],
            limited=sum(heard[verdict] for verdict in _LIMITED),
            commands=heard["commands"],
            prompted=heard["prompted"] + decided["idle"] + decided["periodic"],
            passed_over=self._council.passed_over + heard["not_let_out"],
            shed=self._dispatch.shed,
            late=self._dispatch.expired,
            cancelled=decided["taken_back"] + sent["cancelled"],
            applied=sent["applied"],
            stale=sent["stale"],
            declined=sent["declined"],
            lost=sent["lost"],
            waiting=self._council.waiting + self._dispatch.waiting,
            in_flight=self._dispatch.in_flight,
        )
