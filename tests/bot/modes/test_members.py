from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.modes.members import CHANGE_COOLDOWN_MS, Members


@pytest.fixture
def members() -> Members:
    return Members(("red", "blue"))


def test_who_joins_a_team_is_in_it(members: Members) -> None:
    assert members.join("ada", "blue", 0) == "You play for blue now, on pad 2."
    assert members.active("ada") == 1
    assert members.sizes == (0, 1)
    assert members.join("ada", "blue", 1) == "You play for blue already, on pad 2."


def test_without_a_name_it_is_the_smallest_team_or_ones_own(members: Members) -> None:
    members.join("ada", "red", 0)
    assert members.join("bob", "", 0) == "You play for blue now, on pad 2."
    assert members.join("ada", "", 0) == "You play for red already, on pad 1."


def test_an_unknown_team_is_answered_with_those_there_are(members: Members) -> None:
    assert members.join("ada", "green", 0) == 'There is no team "green"; there are red and blue.'
    assert members.join("ada", "x" * 99, 0) == f'There is no team "{"x" * 16}"; there are red and blue.'
    assert len(members) == 0


def test_who_chose_a_side_keeps_it_for_a_while(members: Members) -> None:
    members.join("ada", "red", 0)
    assert members.join("ada", "blue", 1_000) == "You play for red; you may change sides in 5 min."
    assert members.join("ada", "blue", 290_000) == "You play for red; you may change sides in 10 s."
    assert members.join("ada", "blue", CHANGE_COOLDOWN_MS) == "You play for blue now, on pad 2."
    assert members.sizes == (0, 1)


def test_who_was_put_into_a_team_may_still_choose(members: Members) -> None:
    assert members.assign("ada") == 0
    assert members.join("ada", "blue", 1) == "You play for blue now, on pad 2."
    assert members.join("ada", "red", 2).startswith("You play for blue; ")


def test_the_smallest_team_gets_the_next(members: Members) -> None:
    assert [members.assign(user) for user in "abcd"] == [0, 1, 0, 1]
    members.gone("b")
    assert members.assign("e") == 1


def test_the_least_recently_active_is_forgotten() -> None:
    members = Members(("red", "blue"), most=2)
    members.join("ada", "red", 0)
    members.join("bob", "red", 0)
    members.active("ada")
    members.join("cleo", "red", 0)
    assert members.active("bob") is None
    assert members.active("ada") == 0
    assert members.sizes == (2, 0)


class MembersMachine(RuleBasedStateMachine):
    """Bounded, and the sizes are those of the teams."""

    users = st.sampled_from("abcdefg")

    def __init__(self) -> None:
        super().__init__()
        self.members = Members(("red", "blue", "green"), most=4)
        self.now = 0.0

    @rule(user=users, team=st.sampled_from(["", "red", "blue", "green", "pink"]))
    def join(self, user: str, team: str) -> None:
        self.members.join(user, team, self.now)

    @rule(user=users)
    def type(self, user: str) -> None:
        if self.members.active(user) is None:
            self.members.assign(user)
        assert self.members.active(user) is not None

    @rule(user=users)
    def gone(self, user: str) -> None:
        self.members.gone(user)

    @rule(ms=st.sampled_from([1.0, CHANGE_COOLDOWN_MS]))
    def wait(self, ms: float) -> None:
        self.now += ms

    @invariant()
    def the_sizes_are_right(self) -> None:
        teams = [self.members.active(user) for user in "abcdefg"]
        assert self.members.sizes == tuple(teams.count(team) for team in range(3))
        assert sum(self.members.sizes) == len(self.members) <= 4


MembersMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestMembers: Any = MembersMachine.TestCase
