from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Parsed
from bot.modes.democracy import Democracy
from bot.modes.mode import Choice, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from config.play import DemocracyOptions

Offered = Callable[..., Offer]
Read = Callable[[str], Parsed]


@pytest.fixture
def democracy(rules: GameRules, stage: Stage) -> Democracy:
    return Democracy(DemocracyOptions(), rules, stage)


def test_what_most_voted_for_is_played_for_everybody(
    democracy: Democracy, offer: Offered, read: Read
) -> None:
    for user, text, at in [("ada", "a b", 0), ("bob", "x", 100), ("kim", "a200ms b", 200)]:
        democracy.offer(offer(text, user, at), at)
        assert democracy.handle_timeout(at) == []
    end = democracy.next_timeout()
    assert end == 5_000
    winner = read("a b")
    won = Choice(winner.steps, None, "chat", "a b", 0, asked=winner.moves)
    assert democracy.handle_timeout(end) == [won]
    assert democracy.view(end).result == "a b (2 of 3)"
    assert democracy.counters == {"offered": 3, "carried": 2, "outvoted": 1}


def test_the_options_are_in_seconds(rules: GameRules, stage: Stage, offer: Offered) -> None:
    options = DemocracyOptions(window_s=10, shortest_window_s=2, full_at=4, quorum_share=1)
    democracy = Democracy(options, rules, stage)
    for user in ("ada", "bob", "kim", "lee"):
        democracy.offer(offer("a", user), 0)
    assert democracy.next_timeout() == 2_000
    democracy.handle_timeout(2_000)
    democracy.offer(offer("a", "ada"), 3_000)
    assert democracy.next_timeout() == 13_000
    assert democracy.handle_timeout(13_000) == []
    assert democracy.view(13_000).result == "nothing (1 voted, 4 needed)"


def test_viewers_are_told_when_too_few_have_voted(rules: GameRules, stage: Stage, offer: Offered) -> None:
    democracy = Democracy(DemocracyOptions(quorum_share=1), rules, stage)
    assert democracy.view(0).headline == "Chat votes: type the input you want."
    for user in ("ada", "bob"):
        democracy.offer(offer("a", user), 0)
    democracy.handle_timeout(5_000)
    democracy.offer(offer("a", "ada"), 6_000)
    assert democracy.view(6_000).headline == "Chat votes, and too few have: 1 of the 2 it takes."


def test_the_view_shows_candidates_votes_and_time(democracy: Democracy, offer: Offered) -> None:
    assert democracy.view(0).ends_in_ms is None
    words = ["a", "b", "x", "y", "up", "down", "left", "right", "start", "back"]
    for number in range(20):
        democracy.offer(offer(words[number // 2], f"user{number}"), 0)
    view = democracy.view(1_000)
    assert view.mode == "democracy"
    assert view.candidates[0] == ("a", 2)
    assert len(view.candidates) == 8
    assert (view.voters, view.quorum, view.ends_in_ms) == (20, 2, 4_000)
    assert view.delay_ms == 0, "votes do not wait, and ends_in_ms says the rest"


def test_who_is_banned_has_no_vote(democracy: Democracy, offer: Offered) -> None:
    democracy.offer(offer("a", "ada"), 0)
    democracy.gone("ada")
    assert democracy.waiting == 0
    assert democracy.next_timeout() is None
    assert democracy.counters == {"offered": 1, "taken_back": 1}


def test_there_is_nothing_to_join(democracy: Democracy) -> None:
    assert "just type the input you want" in democracy.join("kim", "Kim", "", 0)
