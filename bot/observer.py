"""What the bot tells whoever watches it: the pages, the bench, the demo's summary."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.line import ChatLine, SourceState
from tunnel.events import Outcome
from tunnel.frame import SequenceId


class Observer:
    """Told of everything as it happens, on the loop; override what matters and return quickly."""

    def command(self, line: ChatLine, id: SequenceId, text: str) -> None:
        """A line became a sequence and left for the tunnel. `text` is the line as the grammar read it."""

    def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
        """What became of a sequence; `played_ms` is on this machine's clock, and only of what was played."""

    def source(self, state: SourceState) -> None:
        """The chat source says how it is."""

    def link(self, up: bool) -> None:
        """The receiver can be reached, or no longer."""


@dataclass(frozen=True, slots=True)
class BotStats:
    """How many, since the start. Every line is exactly one of talk, refused, limited or commands.

    commands   valid, and their viewer was allowed to act
    shed       commands pushed out of a full queue
    late       commands that waited in the queue until they were of no use
    cancelled  commands taken back, by us or at the receiver, before they were played
    applied    commands the receiver played; stale, declined, lost: those it did not (tunnel.events.Outcome)
    waiting    commands in the queue now
    in_flight  sequences the receiver has not yet answered for, now
    """

    lines: int
    talk: int
    refused: int
    limited: int
    commands: int
    shed: int
    late: int
    cancelled: int
    applied: int
    stale: int
    declined: int
    lost: int
    waiting: int
    in_flight: int
