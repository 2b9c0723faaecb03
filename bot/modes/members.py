"""Who plays for which team. Bounded, and of its own, so that it outlasts a change of mode or game. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from bot.modes.sentences import listed, waited

# Past that the least recently active start afresh: more than play in any channel. About 25 MB.
MOST_MEMBERS: Final = 100_000
# Long enough that nobody helps the other side between two blows, or follows whoever is winning; short enough
# that friends who chose differently can still play together tonight.
CHANGE_COOLDOWN_MS: Final = 300_000.0


class Members:
    """The members of the teams `names`, which are numbered from 0."""

    def __init__(self, names: tuple[str, ...], most: int = MOST_MEMBERS) -> None:
        self.names = names
        self._most = most
        self._members: OrderedDict[str, _Member] = OrderedDict()  # by user, the least recently active first
        self._sizes = [0] * len(names)

    def __len__(self) -> int:
        return len(self._members)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many are in each team."""
        return tuple(self._sizes)

    def active(self, user: str) -> int | None:
        """The team of this viewer, who is doing something; None if they are in none."""
        member = self._members.get(user)
        if member is None:
            return None
        self._members.move_to_end(user)
        return member.team

    def assign(self, user: str) -> int:
        """Puts a viewer who is in no team into the smallest. They did not choose it, and still may."""
        return self._enter(user, self._smallest(), None)

    def join(self, user: str, name: str, now: float) -> str:
        """Puts the viewer into the team `name`, or without a name into the smallest: what became of it, as a
        sentence. Changing sides has a cool-down."""
        if name and name not in self.names:
            return f'There is no team "{name[:16]}"; there are {listed(self.names)}.'
        member = self._members.get(user)
        wanted = self.names.index(name) if name else member.team if member else self._smallest()
        if member is not None and member.team == wanted:
            return f"You play for {self.names[wanted]} already, on pad {wanted + 1}."
        if member is not None and member.chose_ms is not None:
            wait_ms = member.chose_ms + CHANGE_COOLDOWN_MS - now
            if wait_ms > 0:
                return f"You play for {self.names[member.team]}; you may change sides in {waited(wait_ms)}."
        self.gone(user)
        self._enter(user, wanted, now)
        return f"You play for {self.names[wanted]} now, on pad {wanted + 1}."

    def gone(self, user: str) -> None:
        """Forgets this viewer."""
        member = self._members.pop(user, None)
        if member is not None:
            self._sizes[member.team] -= 1

    def _smallest(self) -> int:
        """Of equally small ones the first."""
        return self._sizes.index(min(self._sizes))

    def _enter(self, user: str, team: int, chose_ms: float | None) -> int:
        if len(self._members) >= self._most:
            self.gone(next(iter(self._members)))
        self._members[user] = _Member(team, chose_ms)
        self._sizes[team] += 1
        return team


class _Member(NamedTuple):
    """The number of the team, and when the viewer chose it; None for who was put there."""

    team: int
    chose_ms: float | None
