"""What the link is worth right now, and when silence becomes a fact.

DOWN --established--> LIVE --silence--> SILENT --heard--> LIVE
  ^---- expired ------+-------------------+
"""

from __future__ import annotations

import enum
from typing import Final

from tunnel.events import Event, PeerHeard, PeerSilent
from tunnel.timing import Timing


class Phase(enum.Enum):
    """The states of the picture above."""

    DOWN = "no keys"
    LIVE = "heard lately"
    SILENT = "keys, but not heard"


class Trigger(enum.Enum):
    """What moves it."""

    ESTABLISHED = "a handshake is done"
    HEARD = "something authentic and fresh came"
    SILENCE = "nothing came for too long"
    EXPIRED = "the keys are too old"


MOVES: Final = {
    (Phase.DOWN, Trigger.ESTABLISHED): Phase.LIVE,
    (Phase.LIVE, Trigger.ESTABLISHED): Phase.LIVE,
    (Phase.SILENT, Trigger.ESTABLISHED): Phase.LIVE,
    (Phase.LIVE, Trigger.HEARD): Phase.LIVE,
    (Phase.SILENT, Trigger.HEARD): Phase.LIVE,
    (Phase.LIVE, Trigger.SILENCE): Phase.SILENT,
    (Phase.LIVE, Trigger.EXPIRED): Phase.DOWN,
    (Phase.SILENT, Trigger.EXPIRED): Phase.DOWN,
}


class Liveness:
    """Whether the peer is there. `now` and every moment in milliseconds."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._last_heard = float("-inf")
        self.phase = Phase.DOWN

    def heard(self, now: float) -> list[Event]:
        """A sign of life."""
        self._last_heard = now
        return self.move(Trigger.HEARD) if self.phase is Phase.SILENT else []

    def established(self, now: float) -> list[Event]:
        """A handshake is done."""
        self._last_heard = now
        return self.move(Trigger.ESTABLISHED)

    def move(self, trigger: Trigger) -> list[Event]:
        """Takes the legal move and says what it means outside. KeyError for a move there is not."""
        before, self.phase = self.phase, MOVES[self.phase, trigger]
        if before is Phase.SILENT and self.phase is Phase.LIVE:
            return [PeerHeard()]
        if before is Phase.LIVE and self.phase is not Phase.LIVE:
            return [PeerSilent()]
        return []

    def silence_deadline(self, lively_since: float, lively_until: float) -> float:
        """When silence becomes a fact: sooner while inputs are under way or held.

        The sooner limit counts from when they began at the earliest: until then the peer spoke seldom,
        rightly.
        """
        if self.phase is not Phase.LIVE:
            return float("inf")
        relaxed = self._last_heard + self._timing.idle_silence
        if self._last_heard >= lively_until:
            return relaxed
        return min(relaxed, max(self._last_heard, lively_since) + self._timing.silence_after)
