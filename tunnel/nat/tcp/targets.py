"""The other end's addresses as places to call: which to dial next, and when again. Pure.

A dial opens the own router's door for the other end's, so it is worth its while even where nobody answers.
Some routers refuse what they did not expect instead of dropping it, and thereby close the own door again:
then the next try follows quickly, because the other end is dialling at this very moment.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tunnel.nat.candidates import Candidate, Kind, priority
from tunnel.nat.stun import Address

# Just under the second after which systems repeat a SYN by themselves (RFC 6298, 2.1): the repetitions are
# ours to count. Whoever takes longer to answer plays no game.
DIAL_MS: Final = 950.0
# Those fill a round (search.py).
_SILENT_DIALS: Final = 3
_AFTER_REFUSAL_MS: Final = (80.0, 160.0, 320.0, 640.0)


class Outcome(enum.Enum):
    """How a dial ended."""

    CONNECTED = "connected"
    REFUSED = "refused"  # somebody said no, at once
    SILENT = "silent"  # nothing came, or the system was not able to


@dataclass(slots=True)
class Target:
    """One address. `asked` counts the dials of this search; `met` is whether it was ever connected."""

    kind: Kind
    address: Address
    due: float = float("inf")
    dialling: bool = False
    connected: bool = False
    met: bool = False
    asked: int = 0
    silent: int = 0  # of this volley, as the next
    refused: int = 0
    again: bool = False  # a volley came while it was being dialled

    @property
    def priority(self) -> int:
        """RFC 8445's; more is better."""
        return priority(self.kind, self.address)

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it in this volley."""
        return self.dialling or self.due < float("inf")

    def dialled(self) -> None:
        """A dial has begun."""
        self.dialling, self.due = True, float("inf")
        self.asked += 1

    def ended(self, outcome: Outcome, spread: float, now: float) -> None:
        """It is over, or so is the connection that came of it, without any use (REFUSED).

        spread  in [0, 1): scatters the next try. Two ends that missed each other by more than the way is long
                would go on missing each other by as much
        """
        self.dialling = False
        self.connected = outcome is Outcome.CONNECTED
        self.due = float("inf")
        if self.connected:
            self.met = True
        elif outcome is Outcome.REFUSED and self.again:
            self.due = now
        elif outcome is Outcome.REFUSED and self.refused < len(_AFTER_REFUSAL_MS):
            self.due = now + _AFTER_REFUSAL_MS[self.refused] * (0.5 + spread)
            self.refused += 1
        elif outcome is Outcome.SILENT:
            self.silent += 1
            if self.silent < _SILENT_DIALS:
                self.due = now
        self.again = False

    def fire(self, now: float) -> None:
        """A new volley: everything from the start, at once unless a dial is under way."""
        self.silent = self.refused = 0
        self.again = self.dialling
        if not (self.dialling or self.connected):
            self.due = now


class Targets:
    """At most as many as an offer names."""

    def __init__(self) -> None:
        self._targets: dict[Address, Target] = {}

    def __iter__(self) -> Iterator[Target]:
        return iter(self._targets.values())

    def __len__(self) -> int:
        return len(self._targets)

    def get(self, address: Address) -> Target | None:
        """The target of this address."""
        return self._targets.get(address)

    def offered(self, candidates: Iterable[Candidate]) -> bool:
        """These are all there are now. Returns whether any is new."""
        before, self._targets = self._targets, {}
        for kind, address in candidates:
            target = before.get(address) or Target(kind, address)
            target.kind = kind
            self._targets[address] = target
        return any(address not in before for address in self._targets)

    def fire(self, now: float) -> None:
        """A new volley at all of them."""
        for target in self:
            target.fire(now)

    def begin(self) -> None:
        """A new search: what was counted for people is counted anew."""
        for target in self:
            target.asked = 0

    def next(self, now: float) -> Target | None:
        """The one to dial next, if any is due: those tried least first, of these the ones that need it.

        Behind routers both ends must dial at the same moment; who is on the same network waits a little.
        """
        due = [target for target in self if target.due <= now]
        return min(due, key=_urgency, default=None)

    def stop(self) -> None:
        """No more dials until the next volley."""
        for target in self:
            target.due = float("inf")
            target.silent, target.refused, target.again = _SILENT_DIALS, len(_AFTER_REFUSAL_MS), False

    def clear(self) -> None:
        """Forgets all."""
        self._targets.clear()

    def best(self) -> int:
        """The highest priority among those that may still connect in this volley; -1 if none may."""
        return max((target.priority for target in self if target.is_open), default=-1)

    def next_timeout(self) -> float:
        """When a dial is due; infinity if none is."""
        return min((target.due for target in self), default=float("inf"))


def _urgency(target: Target) -> tuple[int, bool, int]:
    return target.silent + target.refused, target.kind is not Kind.REFLEXIVE, -target.priority
