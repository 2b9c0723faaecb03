"""What a line is made of once it is read: chords, one after another, each of parts that begin together."""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Final, NamedTuple

from config.codes import Control
from config.controllers import Action

# A trigger's click sits at the very end of its way: the last percent of a worn trigger is not always reached.
_CLICKS_AT: Final = 0.99


class Kind(enum.Enum):
    """What a part does with its input."""

    PRESS = enum.auto()  # down, and up again when its time is over
    HOLD = enum.auto()  # down, until it is let go of or the line ends
    LET_GO = enum.auto()  # up
    WAIT = enum.auto()  # nothing, for a while


class Part(NamedTuple):
    """One thing that a chord does.

    at           where the line says so, from 0
    word         the input as the viewer called it; empty for a wait
    pad          from 1
    amount       how far, 0 to 1
    duration_ms  None where the line names none: a press and a wait then take the usual time, and a hold and
                 a letting go take none at all
    """

    at: int
    kind: Kind
    word: str = ""
    action: Action = Action(())
    pad: int = 1
    amount: float = 1.0
    duration_ms: int | None = None

    def lasts_ms(self, press_ms: int) -> int:
        """How long it takes, where the usual press lasts `press_ms`."""
        if self.duration_ms is not None:
            return self.duration_ms
        return press_ms if self.kind is Kind.PRESS or self.kind is Kind.WAIT else 0

    @property
    def takes_time(self) -> bool:
        """Whether the line goes on only some time after it has begun."""
        return self.lasts_ms(1) > 0

    @property
    def values(self) -> tuple[tuple[Control, float], ...]:
        """What it sets each control to, its trigger's click included."""
        return _values(self.action, self.amount)


Chord = tuple[Part, ...]


# All words of a controller at a few amounts; asked for several times for every press.
@lru_cache(maxsize=1_024)
def _values(action: Action, amount: float) -> tuple[tuple[Control, float], ...]:
    values = tuple((control, direction * amount) for control, direction in action.moves)
    if action.click is not None and amount >= _CLICKS_AT:
        return (*values, (action.click, 1.0))
    return values
