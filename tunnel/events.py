"""What a session tells the program around it: facts, in the past tense, each safe to ignore."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tunnel.frame import Sequence, SequenceId


class Outcome(enum.IntEnum):
    """What became of a sequence, as the receiver says it (LOST excepted: that is the sender giving up)."""

    RECEIVED = 0  # in the receiver's hands, its first frame not played yet
    APPLIED = 1  # its first frame reached the device
    STALE = 2  # came later than `stale_after`, or was never seen: dropped whole, and will never be played
    REFUSED = 3  # the receiver does not play such a thing
    CANCELLED = 4  # taken back before its first frame was played
    LOST = 5  # nobody answered in time: it may have been played or not. Never on the wire


@dataclass(frozen=True, slots=True)
class Connected:
    """The handshake is done; sequences flow. Said again after every new start of the peer, not after a rekey.

    `fresh` is true when the peer is another run of its program than before (or the first one): what it
    held, queued or remembered is gone.
    """

    fresh: bool


@dataclass(frozen=True, slots=True)
class PeerSilent:
    """Nothing authentic came for `silence_after`. On the receiver this means: everything neutral, now."""


@dataclass(frozen=True, slots=True)
class PeerHeard:
    """The end of a silence."""


@dataclass(frozen=True, slots=True)
class SequenceArrived:
    """A sequence, for the first and only time.

    start_ms  its first frame's date on this machine's clock, by the estimated offset
    age_ms    how long ago that was, at worst (the estimate's uncertainty included); negative: lies ahead
    """

    sequence: Sequence
    start_ms: float
    age_ms: float


@dataclass(frozen=True, slots=True)
class CancelArrived:
    """The sender takes sequences back. No targets means everything it submitted before this one's own id.

    A copy that was under way for long must not take back what was submitted after it.
    """

    targets: tuple[SequenceId, ...]
    id: SequenceId


@dataclass(frozen=True, slots=True)
class NoteArrived:
    """A small opaque message on the best-effort lane."""

    kind: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Resolved:
    """The sender learns what became of a sequence. Said once per final outcome.

    played_ms  when the first frame reached the device, on this machine's clock (APPLIED only)
    """

    id: SequenceId
    outcome: Outcome
    played_ms: float | None


Event = Connected | PeerSilent | PeerHeard | SequenceArrived | CancelArrived | NoteArrived | Resolved
