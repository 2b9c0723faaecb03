"""What the bot tells whoever watches it: the pages, the bench, the demo's summary."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.line import SourceState
from bot.modes.mode import Choice
from config.views import ModeView
from tunnel.events import Outcome
from tunnel.frame import SequenceId


class Observer:
    """Told of everything as it happens, on the loop; override what matters and return quickly."""

    def command(self, choice: Choice, id: SequenceId) -> None:
        """What was chosen became a sequence and left for the tunnel."""

    def resolved(self, id: SequenceId, outcome: Outcome, played_ms: float | None) -> None:
        """What became of a sequence; `played_ms` is on this machine's clock, and only of what was played."""

    def source(self, state: SourceState) -> None:
        """The chat source says how it is."""

    def link(self, up: bool) -> None:
        """The receiver can be reached, or no longer."""

    def mode(self, view: ModeView) -> None:
        """How the mode in force looks now; told when that changes, a few times a second at most."""


@dataclass(frozen=True, slots=True)
class BotStats:
    """How many, since the start. Every line is exactly one of talk, asked, voted, refused, limited, commands.

    asked      `!` commands
    voted      the name of a mode, said as a vote for it
    refused    meant as input, and none
    limited    valid, but this viewer may not now: rate, cool-down, level, lock, restriction
    commands   valid, from a viewer who may act: offered to the mode
    prompted   inputs nobody typed: channel points and the like, against idling
    passed_over  what the mode did not play: outvoted, out of turn, shed, too late, at rest
    shed       chosen, but pushed out of a full queue
    late       chosen, but waited in the queue until they were of no use
    cancelled  taken back, by us or at the receiver, before they were played
    applied    played by the receiver; stale, declined, lost: those it did not (tunnel.events.Outcome)
    waiting    in the mode or in the queue now
    in_flight  sequences the receiver has not yet answered for, now

    Commands and prompted together are what became of them:
    passed_over + shed + late + cancelled + applied + stale + declined + lost + waiting + in_flight.
    """

    lines: int
    talk: int
    asked: int
    voted: int
    refused: int
    limited: int
    commands: int
    prompted: int
    passed_over: int
    shed: int
    late: int
    cancelled: int
    applied: int
    stale: int
    declined: int
    lost: int
    waiting: int
    in_flight: int
