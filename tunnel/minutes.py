"""Which path won each of the last sixty minutes, and why. Pure; only for eyes.

A path wins an input when its copy reaches the receiver before any other. What happens on the way decides who
wins; the reasons given here are read off the figures beside it, and say so where those do not explain it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Final

from tunnel.path import HYSTERESIS_MS, LOSSY, PathId
from tunnel.verdict import milliseconds, percent

MINUTE_MS: Final = 60_000.0
KEPT: Final = 60
# Figures are noted at most this often: what a minute holds is bounded, and each second weighs the same.
LOOK_MS: Final = 1_000.0
# A rival that was up for less of the minute than this did not take part in all of it.
_ALL_OF_IT: Final = 0.9


@dataclass(frozen=True, slots=True)
class Standing:
    """One path at one moment. `first` counts the inputs it brought first; it may begin anew at any time."""

    id: PathId
    name: str
    first: int
    up: bool
    carrying: bool
    pinned: bool
    delay: float | None
    loss: float


@dataclass(frozen=True, slots=True)
class Minute:
    """start_ms  since 1970;  inputs  how many arrived;  winner  a path's name, or None if nothing arrived

    share     of the inputs that it brought first, 0 to 1
    why       in a phrase
    """

    start_ms: float
    inputs: int
    winner: str | None
    share: float
    why: str


@dataclass(slots=True)
class _Tally:
    """What one path did in one minute. `looks` are those that noted figures while it was up; in `carried` of
    them it carried.
    """

    name: str
    wins: int = 0
    was_up: bool = False
    pinned: bool = False
    looks: int = 0
    carried: int = 0
    delays: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    @property
    def delay(self) -> float | None:
        return median(self.delays) if self.delays else None

    @property
    def loss(self) -> float:
        return median(self.losses) if self.losses else 0.0


class Minutes:
    """Let it look at all paths about every second; more often does no harm. `now` in ms since 1970."""

    def __init__(self) -> None:
        self._past: deque[Minute] = deque(maxlen=KEPT - 1)
        self._first: dict[PathId, int] = {}
        self._tallies: dict[PathId, _Tally] = {}
        self._minute: float | None = None
        self._noted = float("-inf")

    def is_due(self, now: float) -> bool:
        """Whether a look would note anything but wins."""
        return now >= self._noted + LOOK_MS

    def look(self, standings: Iterable[Standing], now: float) -> None:
        """How all paths stand now."""
        minute = now // MINUTE_MS
        if self._minute is not None and minute != self._minute:
            self._past.append(self._sum_up(self._minute))
            self._tallies.clear()
        self._minute = minute
        note = self.is_due(now)
        self._noted = now if note else self._noted
        for standing in standings:
            tally = self._tallies.setdefault(standing.id, _Tally(standing.name))
            tally.name, tally.pinned = standing.name, standing.pinned
            tally.wins += self._won(standing)
            tally.was_up |= standing.up
            if note and standing.up:
                _note(tally, standing)

    def told(self) -> tuple[Minute, ...]:
        """The last sixty minutes that were looked at, the running one last."""
        return (*self._past, self._sum_up(self._minute)) if self._minute is not None else ()

    def _won(self, standing: Standing) -> int:
        """Inputs won since the last look. A count that fell has begun anew."""
        before = self._first.get(standing.id, 0)
        self._first[standing.id] = standing.first
        return standing.first - before if standing.first >= before else standing.first

    def _sum_up(self, minute: float) -> Minute:
        tallies = list(self._tallies.values())
        inputs = sum(tally.wins for tally in tallies)
        if not inputs:
            return Minute(minute * MINUTE_MS, 0, None, 0.0, "no inputs")
        winner = max(tallies, key=lambda tally: tally.wins)
        rivals = [tally for tally in tallies if tally is not winner and tally.was_up]
        return Minute(minute * MINUTE_MS, inputs, winner.name, winner.wins / inputs, _why(winner, rivals))


def _note(tally: _Tally, standing: Standing) -> None:
    tally.looks += 1
    tally.carried += standing.carrying
    tally.losses.append(standing.loss)
    if standing.delay is not None:
        tally.delays.append(standing.delay)


def _why(winner: _Tally, rivals: list[_Tally]) -> str:
    """The first that fits: alone, pinned, fastest; else what was in the way of the fastest."""
    if not rivals:
        return "the only one that was up"
    if winner.pinned and not all(rival.pinned for rival in rivals):
        return "pinned"
    own = winner.delay
    measured = [(delay, rival) for rival in rivals if (delay := rival.delay) is not None]
    if own is None:
        return "its delay was not measured"
    if not measured:
        return f"{milliseconds(own)}, no other one was measured"
    delay, rival = min(measured, key=lambda pair: pair[0])
    theirs = f"{rival.name} {milliseconds(delay)}"
    if own <= delay:
        return f"fastest: {milliseconds(own)}, {theirs}"
    if (wrong := _what_was_wrong(rival, delay, winner, own)) is None:
        apart = max(own, *(each for each, _ in measured)) - delay
        if apart < HYSTERESIS_MS and len(measured) == len(rivals):
            return f"arrived first; all within {ceil(apart)} ms"
        return f"arrived first; {rival.name} within {ceil(own - delay)} ms"
    return f"{wrong}: {milliseconds(own)}, {theirs}"


def _what_was_wrong(rival: _Tally, delay: float, winner: _Tally, own: float) -> str | None:
    """Why the rival did not win although its delay is shorter; None: by too little to tell."""
    if rival.looks < _ALL_OF_IT * winner.looks:
        return f"{rival.name} was not up all the time"
    if rival.carried < _ALL_OF_IT * rival.looks:
        return f"{rival.name} did not carry all the time"
    if rival.loss > LOSSY:
        return f"{rival.name} lost {percent(rival.loss)}"
    if own - delay < HYSTERESIS_MS:
        return None
    return f"first more often than {rival.name}, whose answers are faster"
