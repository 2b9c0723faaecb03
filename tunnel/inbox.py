"""The receiver's side of "once, or reported": which sequences have been seen, and what became of them.

A ring remembers the outcome of the last 65,536 ids of one run of the sender. Whatever is older is answered as
stale and never played: forgetting must not mean playing twice.
"""

from __future__ import annotations

from array import array
from typing import Final

from tunnel.events import Outcome
from tunnel.frame import ID_RANGE, SequenceId

# The sender has at most 4,096 unanswered; sixteen times that also covers copies that wander for seconds.
MEMORY: Final = 1 << 16
_UNSEEN: Final = 255
_FORGOTTEN: Final = bytes([_UNSEEN]) * MEMORY


class Inbox:
    """Ids count modulo 2^32 and are compared by serial arithmetic (RFC 1982)."""

    def __init__(self) -> None:
        self._outcomes = bytearray(_FORGOTTEN)
        self._moments = array("Q", bytes(8 * MEMORY))
        self._highest = 0

    def admit(self, id: SequenceId) -> bool:
        """Whether this id is seen for the first time; from then on it is RECEIVED."""
        if self.outcome(id) is not None:
            return False
        self._advance(id)
        self._outcomes[id % MEMORY] = Outcome.RECEIVED
        return True

    def outcome(self, id: SequenceId) -> Outcome | None:
        """What became of it; None if it was never seen. Too old to remember counts as stale."""
        behind = (self._highest - id) % ID_RANGE
        if behind > ID_RANGE // 2:
            return None
        if behind >= MEMORY:
            return Outcome.STALE
        code = self._outcomes[id % MEMORY]
        return None if code == _UNSEEN else Outcome(code)

    def moment(self, id: SequenceId) -> int:
        """When its outcome was decided, in the wire's microseconds; 0 if it is not remembered."""
        behind = (self._highest - id) % ID_RANGE
        known = behind < MEMORY and self._outcomes[id % MEMORY] not in (_UNSEEN, Outcome.RECEIVED)
        return self._moments[id % MEMORY] if known else 0

    def settle(self, id: SequenceId, outcome: Outcome, moment: int) -> None:
        """Remembers the outcome of a remembered id."""
        if (self._highest - id) % ID_RANGE < MEMORY:
            self._outcomes[id % MEMORY] = outcome
            self._moments[id % MEMORY] = moment

    def answer_for(self, id: SequenceId) -> Outcome:
        """The sender asks: one never seen is refused from now on, so that the answer stays true."""
        if self.admit(id):
            self.settle(id, Outcome.STALE, 0)
        outcome = self.outcome(id)
        return Outcome.STALE if outcome is None else outcome

    def _advance(self, id: SequenceId) -> None:
        """Moves the ring forward to `id`, forgetting what it passes."""
        ahead = (id - self._highest) % ID_RANGE
        if ahead >= ID_RANGE // 2:
            return
        first, last = (self._highest + 1) % MEMORY, id % MEMORY
        if ahead >= MEMORY:
            self._outcomes[:] = _FORGOTTEN
        elif first <= last:
            self._outcomes[first : last + 1] = _FORGOTTEN[: last + 1 - first]
        else:
            self._outcomes[first:] = _FORGOTTEN[first:]
            self._outcomes[: last + 1] = _FORGOTTEN[: last + 1]
        self._highest = id
