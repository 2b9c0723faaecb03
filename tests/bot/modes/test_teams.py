from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.modes.anarchy import Anarchy
from bot.modes.members import Members
from bot.modes.mode import Mode, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.teams import Teams
from config.play import AnarchyOptions
from config.views import TeamView

Build = Callable[..., Offer]


@pytest.fixture
def play(rules: GameRules, stage: Stage) -> Anarchy:
    return Anarchy(AnarchyOptions(together=1), rules, stage, queue=10)


@pytest.fixture
def teams(play: Anarchy) -> Teams:
    return Teams(play, Members(("red", "blue")), automatic=True)


def test_a_members_inputs_play_on_the_teams_pad(teams: Teams, offer: Build) -> None:
    teams.join("ada", "Ada", "blue", 0)
    typed = offer("a", "ada")
    teams.offer(typed, 1)
    [choice] = teams.handle_timeout(1)
    assert {step.pad for step in choice.steps} == {2}
    assert (choice.name, choice.text, choice.line) == ("Ada", "&2a", typed.line)


def test_a_line_for_another_pad_plays_on_the_own_one_all_the_same(teams: Teams, offer: Build) -> None:
    teams.join("ada", "Ada", "red", 0)
    teams.offer(offer("a", "ada", pad=3), 1)
    [choice] = teams.handle_timeout(1)
    assert {step.pad for step in choice.steps} == {1}


def test_who_types_without_having_joined_is_put_into_the_smallest_team(teams: Teams, offer: Build) -> None:
    for user in ("ada", "bob", "ada"):
        teams.offer(offer("a", user), 0)
    assert teams.view(0).teams == (TeamView("red", 1, 1), TeamView("blue", 2, 1))


def test_unless_joining_is_up_to_them(play: Anarchy, offer: Build) -> None:
    teams = Teams(play, Members(("red", "blue")), automatic=False)
    teams.offer(offer("a", "ada"), 0)
    assert teams.handle_timeout(0) == []
    assert teams.counters == {"offered": 1, "no_team": 1}
    assert teams.view(0).headline == "Each team plays a pad of its own. Type !join to take part."


def test_a_busy_pad_does_not_hold_up_the_other_team(teams: Teams, offer: Build) -> None:
    teams.join("ada", "Ada", "red", 0)
    teams.join("bob", "Bob", "blue", 0)
    teams.offer(offer("right5s", "ada"), 0)
    teams.offer(offer("a", "ada"), 0)
    teams.offer(offer("b", "bob"), 0)
    assert [choice.name for choice in teams.handle_timeout(0)] == ["Ada", "Bob"]
    assert teams.waiting == 1
    due = teams.next_timeout()
    assert due is not None
    assert due > 0


def test_who_changes_sides_while_an_input_waits_plays_there_too(
    rules: GameRules, stage: Stage, offer: Build
) -> None:
    teams = Teams(
        Anarchy(AnarchyOptions(), rules, stage, queue=100), Members(("red", "blue")), automatic=False
    )
    for number in range(9):
        teams.join(f"user{number}", "U", "red", 0)
        teams.offer(offer("a5s", f"user{number}"), 0)
    assert len(teams.handle_timeout(0)) == 8
    teams.join("user8", "U", "blue", 300_000)
    teams.offer(offer("b", "user8"), 300_000)
    assert [choice.text for choice in teams.handle_timeout(300_000)] == ["&2b"]


def test_what_waits_can_be_taken_back_and_the_team_stays(teams: Teams, offer: Build) -> None:
    teams.offer(offer("right5s", "ada"), 0)
    teams.offer(offer("a", "ada"), 0)
    assert teams.take_back(lambda offer: offer.line.user == "ada") == 1
    assert teams.waiting == 0
    assert teams.view(0).teams[0].members == 1


def test_who_is_banned_leaves_the_team_with_what_waits(teams: Teams, offer: Build) -> None:
    teams.offer(offer("right5s", "ada"), 0)
    teams.offer(offer("a", "ada"), 0)
    teams.gone("ada")
    assert teams.waiting == 0
    assert teams.view(0).teams[0].members == 0


def test_every_offer_is_accounted_for(teams: Teams, offer: Build) -> None:
    played = 0
    for number in range(50):
        teams.offer(offer("a", f"user{number % 7}"), number)
        played += len(teams.handle_timeout(number))
    counted = teams.counters
    dropped = counted["shed"] + counted["expired"]
    assert counted["offered"] == 50 == played + dropped + teams.waiting
    assert teams.waiting <= 10


def test_it_is_a_mode(teams: Teams) -> None:
    mode: Mode = teams
    assert mode.view(0).mode == "teams"
