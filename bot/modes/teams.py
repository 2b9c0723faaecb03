"""teams: viewers play for a side, and each side has a pad of its own. Pure.

    who types -> member of a team (bot.modes.members) -> the team's pad -> anarchy, on that pad

What a member types plays on the team's pad, whatever pads the line names. On each pad all is as in anarchy:
one such mode plays them all, for it keeps pads apart already.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.modes.members import Members
from bot.modes.mode import Choice, Mode, Offer
from bot.modes.rules import GameRules
from config.views import ModeView, TeamView


class Teams:
    """Sides.

    play       the mode that plays what the members type
    automatic  whether who types without having joined is put into the smallest team
    counters   those of `play`, and `no_team` for what is dropped because its viewer plays for nobody
    """

    def __init__(self, play: Mode, members: Members, *, automatic: bool) -> None:
        self._play = play
        self._members = members
        self._automatic = automatic
        self.counters = play.counters

    @property
    def waiting(self) -> int:
        """How many inputs wait, on all pads."""
        return self._play.waiting

    def offer(self, offer: Offer, now: float) -> None:
        """Hands it on for the team's pad."""
        user = offer.line.user
        team = self._members.active(user)
        if team is None and not self._automatic:
            self.counters["offered"] += 1
            self.counters["no_team"] += 1
            return
        if team is None:
            team = self._members.assign(user)
        self._play.offer(offer._replace(parsed=offer.parsed.on_pad(team + 1)), now)

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops what waits. Who is in which team stays."""
        return self._play.take_back(unwanted, why)

    def gone(self, user: str) -> None:
        """Leaves the team."""
        self._members.gone(user)
        self._play.gone(user)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """Puts the viewer into `team`, or without one into the smallest."""
        return self._members.join(user, team, now)

    def retune(self, rules: GameRules) -> None:
        """The teams stay."""
        self._play.retune(rules)

    def handle_timeout(self, now: float) -> list[Choice]:
        """What the members play now."""
        return self._play.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When something that waits can play, or has waited too long."""
        return self._play.next_timeout()

    def view(self, now: float) -> ModeView:
        """The teams and their sizes."""
        play, names = self._play.view(now), self._members.names
        how = "Type an input to take part." if self._automatic else "Type !join to take part."
        return ModeView(
            mode="teams",
            headline=f"Each team plays a pad of its own. {how}",
            waiting=play.waiting,
            delay_ms=play.delay_ms,
            teams=tuple(map(TeamView, names, range(1, len(names) + 1), self._members.sizes)),
        )
