from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.modes.mode_vote import ModeShares, ModeVote, VotedMode, decide
from config.play import ModeVoteOptions
from config.views import ModeView

OPTIONS = ModeVoteOptions(
    enabled=True, to_democracy=0.75, to_anarchy=0.5, least_votes=3, vote_lasts_s=600, cooldown_s=60
)
COUNTS = st.integers(0, 50)
SHARES = st.sampled_from([0.5, 0.6, 0.7, 0.75, 1.0])


@pytest.fixture
def vote() -> ModeVote:
    return ModeVote(OPTIONS)


def cast(vote: ModeVote, *, anarchy: int = 0, democracy: int = 0, now: float = 0) -> None:
    for number in range(anarchy):
        vote.vote(f"anarchist{number}", "anarchy", now)
    for number in range(democracy):
        vote.vote(f"democrat{number}", "democracy", now)


@pytest.mark.parametrize(
    ("anarchy", "democracy", "decided"),
    [
        (0, 0, None),
        (0, 2, None),  # too few
        (0, 3, "democracy"),
        (1, 3, "democracy"),  # 75 % exactly
        (3, 8, None),  # 73 %: the band in which all stays as it is
        (4, 5, None),
        (5, 5, "anarchy"),  # 50 % exactly
        (9, 1, "anarchy"),
    ],
)
def test_the_votes_decide_by_the_shares(anarchy: int, democracy: int, decided: str | None) -> None:
    assert decide(ModeShares(anarchy, democracy), OPTIONS) == decided


def test_a_tie_changes_nothing_where_both_have_enough() -> None:
    assert decide(ModeShares(5, 5), ModeVoteOptions(to_democracy=0.5, to_anarchy=0.5)) is None


@given(COUNTS, COUNTS, SHARES, SHARES)
def test_the_same_votes_never_ask_for_both_modes(
    anarchy: int, democracy: int, to_democracy: float, to_anarchy: float
) -> None:
    """However the shares are set, the mode that a vote brought is the one it keeps."""
    options = ModeVoteOptions(to_democracy=to_democracy, to_anarchy=to_anarchy, cooldown_s=0)
    vote = ModeVote(options)
    cast(vote, anarchy=anarchy, democracy=democracy)
    for mode in ("anarchy", "democracy"):
        brought = vote.handle_timeout(mode, 0) or mode
        assert vote.handle_timeout(brought, 0) is None


def test_one_vote_more_or_less_does_not_turn_the_game_over(vote: ModeVote) -> None:
    cast(vote, anarchy=1, democracy=3)
    assert vote.handle_timeout("anarchy", 0) == "democracy"
    vote.vote("democrat0", "anarchy", 1)
    assert vote.handle_timeout("democracy", 1) == "anarchy"
    vote.vote("democrat0", "democracy", 2)
    cast(vote, anarchy=2, democracy=3, now=3)
    assert vote.handle_timeout("democracy", 3) is None
    assert vote.handle_timeout("anarchy", 3) is None


def test_each_viewer_has_one_vote_and_the_last_one_counts(vote: ModeVote) -> None:
    for mode in ("democracy", "democracy", "anarchy"):
        vote.vote("ada", mode, 0)
    assert vote.shares == ModeShares(1, 0)


def test_a_vote_lapses_and_that_may_change_the_mode(vote: ModeVote) -> None:
    vote.vote("bob", "anarchy", 0)
    vote.vote("eve", "anarchy", 0)
    cast(vote, democracy=3, now=1_000)
    assert vote.handle_timeout("anarchy", 1_000) is None
    assert vote.next_timeout() == 600_000
    assert vote.handle_timeout("anarchy", 599_999) is None
    assert vote.handle_timeout("anarchy", 600_000) == "democracy"


def test_voting_anew_prolongs_the_vote(vote: ModeVote) -> None:
    vote.vote("ada", "anarchy", 0)
    vote.vote("ada", "anarchy", 500_000)
    vote.handle_timeout("anarchy", 600_000)
    assert vote.shares == ModeShares(1, 0)


def test_after_a_change_the_mode_stays_for_a_while(vote: ModeVote) -> None:
    vote.changed(0)
    cast(vote, democracy=5)
    assert vote.handle_timeout("anarchy", 59_999) is None
    assert vote.next_timeout() == 60_000
    assert vote.handle_timeout("anarchy", 60_000) == "democracy"
    assert vote.next_timeout() == 600_000


def test_who_is_gone_has_no_vote(vote: ModeVote) -> None:
    cast(vote, anarchy=1, democracy=3)
    vote.gone("democrat0")
    vote.gone("somebody else")
    assert vote.shares == ModeShares(1, 2)


def test_there_is_an_end_to_the_votes_remembered() -> None:
    vote = ModeVote(OPTIONS, most_votes=3)
    cast(vote, anarchy=2, democracy=3)
    assert vote.shares == ModeShares(0, 3)


def test_how_it_stands_is_told_without_rounding_up(vote: ModeVote) -> None:
    cast(vote, democracy=2)
    assert vote.standing("democracy") == "2 so far, of at least 3 it takes"
    cast(vote, anarchy=3, democracy=8)
    assert vote.standing("democracy") == "72 % of 11 want it, and it takes 75 %"
    assert vote.standing("anarchy") == "27 % of 11 want it, and it takes 50 %"


def test_the_view_shows_the_share_and_where_the_mode_changes(vote: ModeVote) -> None:
    view = ModeView("anarchy", "")
    assert vote.shown(view).democracy_share is None
    cast(vote, anarchy=1, democracy=3)
    shown = vote.shown(view)
    assert (shown.democracy_share, shown.democracy_from, shown.anarchy_below) == (0.75, 0.75, 0.5)


class ModeVoteMachine(RuleBasedStateMachine):
    """The tally is that of a plain list of votes, however they came and went; and it is bounded."""

    def __init__(self) -> None:
        super().__init__()
        self.vote = ModeVote(OPTIONS, most_votes=4)
        self.votes: list[tuple[str, str, float]] = []
        self.now = 0.0

    @rule(user=st.sampled_from("abcdef"), mode=st.sampled_from(["anarchy", "democracy"]))
    def cast(self, user: str, mode: VotedMode) -> None:
        self.vote.vote(user, mode, self.now)
        kept = [vote for vote in self.votes if vote[0] != user]
        self.votes = [*kept[max(0, len(kept) - 3) :], (user, mode, self.now)]

    @rule(user=st.sampled_from("abcdef"))
    def gone(self, user: str) -> None:
        self.vote.gone(user)
        self.votes = [vote for vote in self.votes if vote[0] != user]

    @rule(ms=st.sampled_from([1.0, 300_000.0]))
    def wait(self, ms: float) -> None:
        self.now += ms
        self.vote.handle_timeout("anarchy", self.now)
        self.votes = [vote for vote in self.votes if vote[2] + 600_000 > self.now]

    @invariant()
    def the_tally_is_right(self) -> None:
        democracy = sum(mode == "democracy" for _, mode, _ in self.votes)
        assert self.vote.shares == ModeShares(len(self.votes) - democracy, democracy)
        due = self.vote.next_timeout()
        assert due is None or due > self.now


ModeVoteMachine.TestCase.settings = settings(max_examples=50, stateful_step_count=30)
TestModeVote: Any = ModeVoteMachine.TestCase
