from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.ballot import Ballot
from bot.modes.mode import Offer
from bot.sequence import Step
from config.codes import Control
from config.levels import Level

Offered = Callable[..., Offer]


def ballot(counters: Counter[str] | None = None, voters: int = 100, candidates: int = 100) -> Ballot:
    counters = Counter() if counters is None else counters
    return Ballot(counters, most_voters=voters, most_candidates=candidates)


def led_by(ballot: Ballot) -> tuple[str, int] | None:
    leader = ballot.leader()
    return None if leader is None else (leader.parsed.text, leader.votes)


def test_what_most_want_leads(offer: Offered) -> None:
    votes = ballot()
    for user, text in [("ada", "a"), ("bob", "b"), ("kim", "b")]:
        votes.vote(offer(text, user))
    assert led_by(votes) == ("b", 2)
    assert votes.leading(8) == (("b", 2), ("a", 1))
    assert votes.leading(1) == (("b", 2),)
    assert len(votes) == 3


def test_each_user_has_one_vote_and_the_last_counts(offer: Offered) -> None:
    counters: Counter[str] = Counter()
    votes = ballot(counters)
    for text in ("a", "a", "b"):
        votes.vote(offer(text, "ada"))
    assert votes.leading(8) == (("b", 1),)
    assert counters == {"replaced": 2}


def test_equal_meanings_are_one_candidate(offer: Offered) -> None:
    votes = ballot()
    for user, text in [("ada", "a b"), ("bob", "a200ms b"), ("kim", "a  b200ms")]:
        votes.vote(offer(text, user))
    assert led_by(votes) == ("a b", 3)


def test_of_equals_the_one_leads_that_has_stood_there_longest(offer: Offered) -> None:
    votes = ballot()
    for user, text in [("ada", "a"), ("bob", "b"), ("kim", "b"), ("lee", "a")]:
        votes.vote(offer(text, user))
    assert led_by(votes) == ("b", 2)


def test_who_moves_a_vote_away_and_back_has_won_nothing(offer: Offered) -> None:
    votes = ballot()
    for user, text in [("ada", "a"), ("bob", "b"), ("ada", "x"), ("ada", "a")]:
        votes.vote(offer(text, user))
    assert led_by(votes) == ("b", 1)


def test_to_vote_for_the_same_again_changes_nothing(offer: Offered) -> None:
    votes = ballot()
    for user, text in [("ada", "a"), ("bob", "b"), ("ada", "a")]:
        votes.vote(offer(text, user))
    assert led_by(votes) == ("a", 1)


def test_a_candidate_is_as_old_as_the_first_line_that_asked_for_it(offer: Offered) -> None:
    votes = ballot()
    votes.vote(offer("a", "ada", at=10))
    votes.vote(offer("a", "bob", at=20))
    leader = votes.leader()
    assert leader is not None
    assert leader.since_ms == 10


def test_a_vote_is_taken_back_with_its_line_or_its_user(offer: Offered) -> None:
    votes = ballot()
    repeated = offer("a", "ada")
    for each in (offer("a", "ada"), repeated, offer("b", "bob"), offer("b", "kim")):
        votes.vote(each)
    assert votes.remove(lambda offer: offer.line.id == repeated.line.id) == 1
    assert votes.discard("bob") == 1
    assert votes.discard("nobody") == 0
    assert votes.leading(8) == (("b", 1),)
    assert votes.discard("kim") == 1
    assert votes.leader() is None


def test_beyond_its_bounds_votes_are_counted_and_dropped(offer: Offered) -> None:
    counters: Counter[str] = Counter()
    votes = ballot(counters, voters=3, candidates=2)
    for user, text in [("ada", "a"), ("bob", "b"), ("kim", "x")]:
        votes.vote(offer(text, user))
    assert counters == {"crowded_out": 1}
    votes.vote(offer("b", "kim"))
    votes.vote(offer("a", "lee"))
    assert counters == {"crowded_out": 2}
    votes.vote(offer("a", "kim"))
    assert votes.leading(8) == (("a", 2), ("b", 1))


def test_the_next_window_begins_with_nothing(offer: Offered) -> None:
    votes = ballot()
    votes.vote(offer("a"))
    votes.clear()
    assert (len(votes), votes.leader(), votes.leading(8)) == (0, None, ())


class BallotMachine(RuleBasedStateMachine):
    """Every vote is somewhere, and the standing is what a count would give."""

    def __init__(self) -> None:
        super().__init__()
        self.counters: Counter[str] = Counter()
        self.ballot = ballot(self.counters, voters=4, candidates=3)
        self.votes: dict[str, str] = {}
        self.offered = self.taken = 0

    @rule(user=st.sampled_from("uvwxyz"), wish=st.sampled_from(["A", "B", "X", "Y"]))
    def vote(self, user: str, wish: str) -> None:
        self.offered += 1
        line = ChatLine(str(self.offered), user, user, Level.VIEWER, wish, None, 0.0, "arcade")
        parsed = Parsed((Step(0, Control[wish], 1.0, 1), Step(200, Control[wish], 0.0, 1)), wish)
        self.ballot.vote(Offer(line, parsed))
        known = wish in self.votes.values() or len(set(self.votes.values())) < 3
        if known and (user in self.votes or len(self.votes) < 4):
            self.votes[user] = wish

    @rule(user=st.sampled_from("uvwxyz"))
    def discard(self, user: str) -> None:
        gone = self.votes.pop(user, None) is not None
        self.taken += gone
        assert self.ballot.discard(user) == gone

    @rule(wish=st.sampled_from(["A", "B", "X", "Y"]))
    def remove(self, wish: str) -> None:
        gone = [user for user in self.votes if self.votes[user] == wish]
        for user in gone:
            del self.votes[user]
        self.taken += len(gone)
        assert self.ballot.remove(lambda offer: offer.line.text == wish) == len(gone)

    @invariant()
    def it_is_bounded_and_nothing_is_lost_uncounted(self) -> None:
        assert len(self.ballot) == len(self.votes) <= 4
        assert self.offered == self.counters.total() + self.taken + len(self.ballot)

    @invariant()
    def the_standing_is_the_count(self) -> None:
        standing = self.ballot.leading(8)
        assert dict(standing) == Counter(self.votes.values())
        assert [votes for _, votes in standing] == sorted((votes for _, votes in standing), reverse=True)
        assert led_by(self.ballot) == (standing[0] if standing else None)


BallotMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestBallotMachine = BallotMachine.TestCase
