"""How the mode in force looks from outside: what the pages show of a vote, a queue, a team.

The bot makes one, and sends it to the receiver as a note, for the page over there. For eyes only; nothing is
played because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

# Candidates, and names in a queue, that a view shows: what fits on a page over a game.
MOST_LISTED: Final = 8


class Candidate(NamedTuple):
    """Something to vote for, as chat would type it, and how many want it."""

    text: str
    votes: int


class TeamView(NamedTuple):
    """A team, the pad it plays on (from 1), and how many are in it."""

    name: str
    pad: int
    members: int


@dataclass(frozen=True, slots=True)
class ModeView:
    """A mode at one moment. What does not apply is empty, zero or None.

    mode        its name: anarchy, democracy, turns, teams, step
    headline    what goes on, as one short sentence for viewers
    ends_in_ms  until the window or the turn ends
    candidates  the leading ones first, at most MOST_LISTED
    voters, quorum  how many have voted, and how many must
    result      what won last, with its votes: `left*2 (14 of 30)`
    player      whose turn it is
    queue       the names of those who are next, at most MOST_LISTED
    waiting     inputs that wait
    delay_ms    how long an input waits at present
    teams       all of them
    democracy_share  of those who voted for a mode, how many want democracy: 0 to 1
    democracy_from, anarchy_below  the shares at which one mode gives way to the other
    pinned      a moderator holds the mode
    paused      a moderator holds everything
    """

    mode: str
    headline: str
    ends_in_ms: float | None = None
    candidates: tuple[Candidate, ...] = ()
    voters: int = 0
    quorum: int = 0
    result: str = ""
    player: str = ""
    queue: tuple[str, ...] = ()
    waiting: int = 0
    delay_ms: float = 0.0
    teams: tuple[TeamView, ...] = ()
    democracy_share: float | None = None
    democracy_from: float | None = None
    anarchy_below: float | None = None
    pinned: bool = False
    paused: bool = False
