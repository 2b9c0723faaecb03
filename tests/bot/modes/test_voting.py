from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.mode import Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.voting import Voting
from bot.sequence import Step
from config.codes import Control
from config.controllers import Controller, load_controller
from config.levels import Level

Offered = Callable[..., Offer]


class Plain(Voting):
    """Votes of a second, played as they are."""

    name = "plain"
    no_need_to_join = "No need."

    def __init__(self, rules: GameRules, stage: Stage) -> None:
        super().__init__(rules, stage, window_ms=1_000, shortest_ms=1_000, full_at=1, quorum_share=0.5)

    def _played(self, winner: Parsed) -> tuple[Step, ...]:
        return winner.steps

    def _headline(self, now: float) -> str:
        return "Vote."


@pytest.fixture
def voting(rules: GameRules, stage: Stage) -> Plain:
    return Plain(rules, stage)


def test_the_next_vote_begins_while_the_winner_plays_and_ends_a_gap_after_it(
    voting: Plain, offer: Offered, xbox: Controller
) -> None:
    voting.offer(offer("a5s"), 0)
    assert len(voting.handle_timeout(1_000)) == 1
    voting.offer(offer("a"), 1_500)
    assert voting.view(1_500).voters == 1
    assert voting.next_timeout() == 6_000 + xbox.gap_ms
    assert voting.handle_timeout(6_000) == []
    assert len(voting.handle_timeout(6_000 + xbox.gap_ms)) == 1


def test_a_vote_is_taken_back_with_its_line(voting: Plain, offer: Offered) -> None:
    unwanted = offer("a", "ada")
    voting.offer(unwanted, 0)
    voting.offer(offer("b", "bob"), 0)
    assert voting.take_back(lambda offer: offer.line.id == unwanted.line.id) == 1
    assert [choice.text for choice in voting.handle_timeout(1_000)] == ["b"]
    assert voting.counters["taken_back"] == 1


def test_no_window_ends_while_anything_plays_whoever_chose_it(
    voting: Plain, stage: Stage, offer: Offered
) -> None:
    before = offer("b5s", "bob")
    stage.begin(before.chosen(before.parsed.steps), {1}, 0)
    voting.offer(offer("a"), 0)
    assert voting.next_timeout() == 5_050


def test_another_edition_of_the_game_keeps_the_votes(voting: Plain, offer: Offered, xbox: Controller) -> None:
    voting.offer(offer("a"), 0)
    voting.retune(GameRules(replace(xbox, gap_ms=300)))
    assert (voting.waiting, voting.next_timeout()) == (1, 1_000)
    voting.handle_timeout(1_000)
    voting.offer(offer("a1s"), 1_100)
    assert voting.next_timeout() == 2_100
    assert voting.handle_timeout(2_100)
    voting.offer(offer("a"), 2_200)
    assert voting.next_timeout() == 3_400


def test_a_choice_is_as_old_as_the_first_line_that_asked_for_it(voting: Plain, offer: Offered) -> None:
    voting.offer(offer("a", "ada", at=3), 10)
    voting.offer(offer("a", "bob", at=500), 510)
    (choice,) = voting.handle_timeout(1_010)
    assert choice.since_ms == 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["vote", "vote", "vote", "wait", "delete", "ban"]),
            st.integers(0, 5),
            st.integers(0, 3),
        ),
        max_size=60,
    )
)
def test_every_vote_ends_up_somewhere(acts: list[tuple[str, int, int]]) -> None:
    voting, now = Plain(GameRules(load_controller("xbox")), Stage(1)), 0.0
    for number, (act, who, what) in enumerate(acts):
        user, text = f"user{who}", "abxy"[what]
        match act:
            case "vote":
                voting.offer(vote(f"{number}", user, text), now)
            case "delete":
                voting.take_back(partial(typed, text))
            case "ban":
                voting.gone(user)
            case _:
                now += 400 * who
        voting.handle_timeout(now)
        counted = voting.counters
        ended = ("carried", "outvoted", "below_quorum", "replaced", "crowded_out", "taken_back")
        assert counted["offered"] == sum(counted[name] for name in ended) + voting.waiting
        due = voting.next_timeout()
        assert due is None or due > now


def typed(text: str, offer: Offer) -> bool:
    return offer.line.text == text


def vote(id: str, user: str, text: str) -> Offer:
    control = Control[text.upper()]
    parsed = Parsed((Step(0, control, 1.0, 1), Step(200, control, 0.0, 1)), text)
    return Offer(ChatLine(id, user, user, Level.VIEWER, text, None, 0.0, "arcade"), parsed)
