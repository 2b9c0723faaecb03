"""What a run comes to: counters, latencies, and the JSON that other tools read.

Every command ends as exactly one of these, or is still under way; so does what nobody typed (`prompted`):

    commands + prompted = played + late + lost + cancelled + refused + passed_over + in_flight
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.observer import BotStats
from config.play import ModeName

# Exact for every demo and every bench of ours (10,000 commands/s for 10 s); 800 kB.
MOST_SAMPLES: Final = 100_000


class Latencies:
    """Milliseconds, in bounded memory: exact up to `most` samples, then every 2nd, 4th, 8th... of them.

    The highest is always exact.
    """

    def __init__(self, most: int = MOST_SAMPLES) -> None:
        self._most = most
        self._samples = array("d")
        self._keep_every = 1
        self._skipped = 0
        self.highest: float | None = None

    def add(self, latency_ms: float) -> None:
        """One more."""
        if self.highest is None or latency_ms > self.highest:
            self.highest = latency_ms
        self._skipped += 1
        if self._skipped < self._keep_every:
            return
        self._skipped = 0
        if len(self._samples) >= self._most:
            self._samples = self._samples[::2]
            self._keep_every *= 2
        self._samples.append(latency_ms)

    def percentiles(self, *percents: float) -> tuple[float | None, ...]:
        """The nearest-rank percentiles; None of nothing."""
        ordered = sorted(self._samples)
        return tuple(nearest_rank(ordered, percent) for percent in percents)


def nearest_rank(ordered: Sequence[float], percent: float) -> float | None:
    """The smallest value that at least `percent` of 100 of the ordered values do not exceed."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many commands, and what became of them.

    late     were of no use any more when they could have been played, and were dropped whole
    lost     nobody answered for them in time, or they were pushed out of a full queue
    refused  the receiver does not play such a thing
    passed_over  the mode did not choose them
    prompted  inputs that nobody typed, which are no commands
    """

    commands: int
    played: int
    late: int
    lost: int
    cancelled: int
    refused: int
    in_flight: int
    passed_over: int = 0
    prompted: int = 0

    @classmethod
    def of(cls, stats: BotStats) -> Totals:
        """What the bot counted."""
        return cls(
            commands=stats.commands,
            played=stats.applied,
            late=stats.stale + stats.late,
            lost=stats.lost + stats.shed,
            cancelled=stats.cancelled,
            refused=stats.declined,
            in_flight=stats.in_flight + stats.waiting,
            passed_over=stats.passed_over,
            prompted=stats.prompted,
        )

    @property
    def accounted(self) -> int:
        """What `commands` must be equal to."""
        dropped = self.late + self.lost + self.cancelled + self.refused + self.passed_over
        return self.played + dropped + self.in_flight - self.prompted


@dataclass(frozen=True, slots=True)
class PathTotal:
    """One relay at the end: datagrams the bot put on it, and how many of them came first."""

    name: str
    state: str
    sent: int
    first: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run. Latency is a chat line's arrival at the bot to the device call, in milliseconds; where
    chat votes, the vote's end to the device call.
    """

    totals: Totals
    doubled: int
    p50: float | None
    p95: float | None
    p99: float | None
    highest: float | None
    paths: tuple[PathTotal, ...]
    seconds: float
    weather: bool = False
    mode: ModeName = "anarchy"

    def as_json(self) -> dict[str, object]:
        """The contract's object. What only some runs have (below) is left out where it is nothing."""
        totals = self.totals
        extra = {
            "passed_over": totals.passed_over,
            "prompted": totals.prompted,
            "cancelled": totals.cancelled,
            "refused": totals.refused,
            "in_flight": totals.in_flight,
            "weather": self.weather,
        }
        return {
            "mode": self.mode,
            "commands": totals.commands,
            "played": totals.played,
            "late": totals.late,
            "lost": totals.lost,
            "doubled": self.doubled,
            "latency_ms": {
                "p50": _rounded(self.p50),
                "p95": _rounded(self.p95),
                "p99": _rounded(self.p99),
                "max": _rounded(self.highest),
            },
            "paths": [
                {"name": path.name, "state": path.state, "sent": path.sent, "first": path.first}
                for path in self.paths
            ],
            "seconds": round(self.seconds, 1),
            **{name: value for name, value in extra.items() if value},
        }

    def as_text(self) -> str:
        """The same for people."""
        totals = self.totals
        others = {
            _PASSED_OVER[self.mode]: totals.passed_over,
            "prompted": totals.prompted,
            "cancelled": totals.cancelled,
            "refused": totals.refused,
            "still under way": totals.in_flight,
        }
        more = "".join(f", {count} {name}" for name, count in others.items() if count)
        lines = [
            f"{self.mode}: {totals.commands} commands in {self.seconds:.0f} s: {totals.played} played, "
            f"{totals.late} late, {totals.lost} lost, {self.doubled} doubled{more}",
            f"{_FROM.get(self.mode, 'chat line')} to pad: median {_words(self.p50)}, "
            f"99 % within {_words(self.p99)}, slowest {_words(self.highest)}",
        ]
        if self.weather:
            lines.append("with made-up weather (delay, jitter, loss) in front of every relay")
        firsts = sum(path.first for path in self.paths) or 1
        width = max((len(path.name) for path in self.paths), default=0)
        lines += [
            f"  {path.name:<{width}}  {path.state:<10}  sent {path.sent:>6}  "
            f"came first {path.first / firsts:>5.0%}"
            for path in self.paths
        ]
        return "\n".join(lines)


# Why a mode did not play what it was offered.
_PASSED_OVER: Final[dict[ModeName, str]] = {
    "anarchy": "too many at once",
    "teams": "too many at once",
    "democracy": "outvoted or the same as the winner",
    "step": "outvoted or the same as the winner",
    "turns": "not their turn",
}
_FROM: Final[dict[ModeName, str]] = {"democracy": "vote's end", "step": "vote's end"}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _words(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} ms"
