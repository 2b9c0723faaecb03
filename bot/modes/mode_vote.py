"""The vote for the mode: chat moves the game between anarchy and democracy. Pure.

    anarchy -- of the votes at least `to_democracy` are for democracy --> democracy
    democracy -- at least `to_anarchy` are for anarchy --> anarchy

With 75 % and 50 %, as usual, there is a wide band in which things stay as they are, so that one vote more or
less does not turn the game over again and again; a cool-down after each change sees to the rest. Each viewer
has one vote, the last one counts, and it lapses after `vote_lasts_s`, so that those who are there decide.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final, Literal, NamedTuple

from config.play import ModeVoteOptions
from config.views import ModeView

# As many as remember a team (bot.modes.members): past that the oldest vote goes. About 25 MB.
MOST_VOTES: Final = 100_000

VotedMode = Literal["anarchy", "democracy"]
VOTED_MODES: Final[Mapping[str, VotedMode]] = {"anarchy": "anarchy", "democracy": "democracy"}


class ModeShares(NamedTuple):
    """How many votes there are for each."""

    anarchy: int
    democracy: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.anarchy + self.democracy

    def of(self, mode: VotedMode) -> int:
        """Those for `mode`."""
        return self.democracy if mode == "democracy" else self.anarchy

    def share(self, mode: VotedMode) -> float:
        """The share that `mode` has, 0 to 1; of no votes, 0."""
        return self.of(mode) / max(1, self.total)


class ModeVote:
    """The votes, and when the mode may change next. Needs no timer to stay bounded."""

    def __init__(self, options: ModeVoteOptions, most_votes: int = MOST_VOTES) -> None:
        self._options = options
        self._lasts_ms = options.vote_lasts_s * 1000
        self._most_votes = most_votes
        self._votes: OrderedDict[str, _Vote] = OrderedDict()  # by user, the oldest vote first
        self._democracy = 0
        self._rests_until: float | None = None

    @property
    def shares(self) -> ModeShares:
        """The votes that counted when `handle_timeout` or `vote` was last called."""
        return ModeShares(len(self._votes) - self._democracy, self._democracy)

    def vote(self, user: str, mode: VotedMode, now: float) -> None:
        """Counts this viewer's vote, in place of an earlier one."""
        self._expire(now)
        self.gone(user)
        if len(self._votes) >= self._most_votes:
            self.gone(next(iter(self._votes)))
        self._votes[user] = _Vote(mode == "democracy", now + self._lasts_ms)
        self._democracy += mode == "democracy"

    def gone(self, user: str) -> None:
        """This viewer has no vote any more."""
        vote = self._votes.pop(user, None)
        self._democracy -= vote is not None and vote.democracy

    def changed(self, now: float) -> None:
        """The mode has changed, whoever did it: the cool-down begins."""
        self._rests_until = now + self._options.cooldown_s * 1000

    def handle_timeout(self, mode: str, now: float) -> VotedMode | None:
        """The mode that chat wants instead of `mode`, if it is to have it now."""
        self._expire(now)
        if self._rests_until is not None and now >= self._rests_until:
            self._rests_until = None
        if self._rests_until is not None:
            return None
        wanted = decide(self.shares, self._options)
        return wanted if wanted != mode else None

    def next_timeout(self) -> float | None:
        """When the next vote lapses, or the cool-down ends: either may change the mode."""
        ends = [vote.lapses_ms for vote in islice(self._votes.values(), 1)]
        if self._rests_until is not None:
            ends.append(self._rests_until)
        return min(ends, default=None)

    def standing(self, mode: VotedMode) -> str:
        """How it stands for `mode`, as part of a sentence."""
        shares, options = self.shares, self._options
        if shares.total < options.least_votes:
            return f"{shares.total} so far, of at least {options.least_votes} it takes"
        percent = 100 * shares.of(mode) // shares.total  # rounded down: nobody reads 75 % where it is less
        needed = options.to_democracy if mode == "democracy" else options.to_anarchy
        return f"{percent} % of {shares.total} want it, and it takes {100 * needed:g} %"

    def shown(self, view: ModeView) -> ModeView:
        """`view`, and how the vote stands."""
        return replace(
            view,
            democracy_share=self.shares.share("democracy") if self._votes else None,
            democracy_from=self._options.to_democracy,
            anarchy_below=1 - self._options.to_anarchy,
        )

    def _expire(self, now: float) -> None:
        while self._votes:
            user, vote = next(iter(self._votes.items()))
            if now < vote.lapses_ms:
                return
            self.gone(user)


class _Vote(NamedTuple):
    democracy: bool
    lapses_ms: float


def decide(shares: ModeShares, options: ModeVoteOptions) -> VotedMode | None:
    """The mode these votes ask for; None if they leave things as they are.

    Where the shares are set so that both have enough, as with 50 % and 50 %, a tie changes nothing: it would
    change everything after each cool-down.
    """
    if shares.total < options.least_votes:
        return None
    for_democracy = shares.share("democracy") >= options.to_democracy
    for_anarchy = shares.share("anarchy") >= options.to_anarchy
    if for_democracy == for_anarchy:
        return None
    return "democracy" if for_democracy else "anarchy"
