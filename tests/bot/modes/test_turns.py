from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes import turns as module
from bot.modes.mode import Mode, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from bot.modes.turns import MOST_WAITING, Turns
from bot.sequence import Step
from config.codes import Control
from config.controllers import Controller, load_controller
from config.levels import Level
from config.play import TurnsOptions

Build = Callable[..., Offer]
OPTIONS = TurnsOptions(turn_s=30, idle_s=10)


@pytest.fixture
def turns(rules: GameRules, stage: Stage) -> Turns:
    return Turns(OPTIONS, rules, stage)


def test_whoever_types_first_plays_at_once(turns: Turns, offer: Build) -> None:
    typed = offer("a", "ada", at=5)
    turns.offer(typed, 10)
    [choice] = turns.handle_timeout(10)
    assert (choice.line, choice.name, choice.text, choice.since_ms) == (typed.line, "Ada", "a", 5)
    assert choice.steps == typed.parsed.steps


def test_anybody_else_is_refused_and_stands_in_the_queue_once(turns: Turns, offer: Build) -> None:
    turns.offer(offer("a", "ada"), 0)
    turns.offer(offer("a", "bob"), 1)
    turns.offer(offer("b", "cleo"), 2)
    turns.offer(offer("b", "bob"), 3)
    assert len(turns.handle_timeout(3)) == 1
    view = turns.view(3)
    assert (view.player, view.queue) == ("Ada", ("Bob", "Cleo"))
    assert turns.counters["not_your_turn"] == 3


def test_the_players_inputs_play_one_after_another_with_a_gap(
    turns: Turns, offer: Build, xbox: Controller
) -> None:
    turns.offer(offer("a200ms"), 0)
    turns.offer(offer("a200ms"), 0)
    assert len(turns.handle_timeout(0)) == 1
    free = 200.0 + xbox.gap_ms
    assert turns.next_timeout() == free
    assert turns.handle_timeout(free - 1) == []
    assert len(turns.handle_timeout(free)) == 1


def test_only_a_few_inputs_wait_and_the_first_ones_are_kept(turns: Turns, offer: Build) -> None:
    texts = ["a", "b", "x", "y", "a", "b"]
    for text in texts:
        turns.offer(offer(text), 0)
    played = []
    for now in range(0, 5_000, 50):
        played += [choice.text for choice in turns.handle_timeout(now)]
    assert played == texts[:MOST_WAITING]
    assert turns.counters["too_many"] == len(texts) - MOST_WAITING


def test_after_its_time_a_turn_goes_to_who_waited_longest(turns: Turns, offer: Build) -> None:
    turns.offer(offer("a", "ada"), 0)
    turns.handle_timeout(0)
    turns.join("bob", "Bob", "", 1)
    turns.join("cleo", "Cleo", "", 2)
    for now in range(5_000, 30_000, 5_000):
        turns.offer(offer("a", "ada"), now)
        turns.handle_timeout(now)
    assert turns.view(29_999).player == "Ada"
    turns.handle_timeout(30_000)
    view = turns.view(30_000)
    assert (view.player, view.queue, view.ends_in_ms) == ("Bob", ("Cleo",), 30_000)


def test_what_has_begun_plays_out_and_the_next_turn_begins_then(
    turns: Turns, offer: Build, xbox: Controller
) -> None:
    turns.offer(offer("a", "ada"), 0)
    turns.handle_timeout(0)
    turns.join("bob", "Bob", "", 1)
    for now in (9_000, 18_000, 27_000):
        turns.offer(offer("right4s", "ada"), now)
        turns.handle_timeout(now)
    turns.offer(offer("a", "ada"), 27_001)
    turns.handle_timeout(30_000)
    assert turns.view(30_000).player == "Bob"
    assert turns.counters["turn_over"] == 1, "what had not begun is dropped"
    turns.offer(offer("b", "bob"), 30_001)
    free = 31_000.0 + xbox.gap_ms
    assert turns.handle_timeout(free - 1) == []
    assert [choice.name for choice in turns.handle_timeout(free)] == ["Bob"]
    assert turns.view(free).ends_in_ms == 30_000


def test_a_turn_goes_on_until_somebody_else_wants_one(turns: Turns, offer: Build) -> None:
    played = 0
    for now in range(0, 60_000, 5_000):
        turns.offer(offer("a", "ada"), now)
        played += len(turns.handle_timeout(now))
    assert played == 12
    assert turns.view(59_000).player == "Ada"
    assert turns.view(59_000).ends_in_ms is None
    turns.offer(offer("a", "bob"), 59_000)
    turns.handle_timeout(59_000)
    assert turns.view(59_000).player == "Bob"


def test_who_types_nothing_for_a_while_loses_the_turn(turns: Turns, offer: Build) -> None:
    turns.offer(offer("a", "ada"), 0)
    turns.handle_timeout(0)
    turns.join("bob", "Bob", "", 1)
    end = turns.next_timeout()
    assert end is not None
    assert end == 10_250
    turns.handle_timeout(end - 1)
    assert turns.view(end).player == "Ada"
    turns.handle_timeout(end)
    assert turns.view(end).player == "Bob"
    turns.handle_timeout(end + 10_000)
    assert turns.view(end).player == "", "and so does the next one, though nobody waits"


def test_watching_ones_own_input_play_is_not_idling(turns: Turns, offer: Build) -> None:
    turns.offer(offer("right5s a5s", "ada"), 0)
    turns.handle_timeout(0)
    turns.handle_timeout(19_000)
    assert turns.view(19_000).player == "Ada"
    turns.handle_timeout(20_050)
    assert turns.view(20_050).player == ""


def test_a_banned_player_loses_the_turn_and_a_banned_viewer_the_place(turns: Turns, offer: Build) -> None:
    turns.offer(offer("a", "ada"), 0)
    turns.handle_timeout(0)
    turns.offer(offer("b", "ada"), 1)
    for user in ("bob", "cleo"):
        turns.join(user, user.title(), "", 2)
    turns.gone("bob")
    turns.gone("ada")
    assert turns.waiting == 0
    assert turns.counters["taken_back"] == 1
    turns.handle_timeout(3)
    assert turns.view(3).player == "Cleo"


def test_a_deleted_line_is_taken_back_and_the_turn_stays(turns: Turns, offer: Build) -> None:
    first, second = offer("a"), offer("b")
    turns.offer(first, 0)
    turns.offer(second, 0)
    assert turns.take_back(lambda offer: offer.line.id == first.line.id) == 1
    assert [choice.text for choice in turns.handle_timeout(0)] == ["b"]
    assert turns.view(0).player == "Ada"


def test_joining_says_where_one_stands(turns: Turns) -> None:
    assert turns.join("ada", "Ada", "", 0) == "It is your turn: type what to play."
    assert turns.join("bob", "Bob", "red", 0) == "You are next."
    assert turns.join("cleo", "Cleo", "", 0) == "You are number 2 in the queue."
    assert turns.join("bob", "Bob", "", 1) == "You are next."
    assert turns.join("ada", "Ada", "", 1) == "It is your turn: type what to play."


def test_the_queue_has_an_end(turns: Turns, offer: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_QUEUED", 2)
    for user in ("ada", "bob", "cleo"):
        turns.join(user, user.title(), "", 0)
    assert turns.join("dan", "Dan", "", 0) == "The queue is full: 2 are waiting. Try again later."
    turns.offer(offer("a", "dan"), 1)
    assert turns.view(1).queue == ("Bob", "Cleo")
    assert turns.counters["queue_full"] == 2
    assert turns.counters["not_your_turn"] == 1


def test_the_view_lists_the_first_eight(turns: Turns) -> None:
    for number in range(20):
        turns.join(f"user{number}", f"User{number}", "", 0)
    assert turns.view(0).queue == tuple(f"User{number}" for number in range(1, 9))


def test_the_headline_says_what_to_do_and_the_rest_is_beside_it(turns: Turns, offer: Build) -> None:
    assert turns.view(0).headline == "Type an input to play."
    turns.offer(offer("a"), 0)
    assert (turns.view(0).headline, turns.view(0).player) == ("Type an input to be next.", "Ada")


def test_what_plays_already_is_waited_for_whoever_chose_it(turns: Turns, stage: Stage, offer: Build) -> None:
    before = offer("b1s", "bob")
    stage.begin(before.chosen(before.parsed.steps), {1}, 0)
    turns.offer(offer("a"), 0)
    assert turns.handle_timeout(0) == []
    assert turns.next_timeout() == 1_050
    assert len(turns.handle_timeout(1_050)) == 1


def test_an_input_of_nobodys_own_is_not_somebody_playing(turns: Turns, stage: Stage, offer: Build) -> None:
    turns.offer(offer("a"), 0)
    turns.handle_timeout(0)
    prompt = offer("b5s")
    stage.begin(prompt.chosen(prompt.parsed.steps), {1}, 9_000)
    turns.handle_timeout(10_250)
    assert turns.view(10_250).player == ""


def test_a_game_may_need_a_longer_rest(turns: Turns, offer: Build, xbox: Controller) -> None:
    turns.retune(GameRules(replace(xbox, gaps={(Control.A, 1): 300})))
    turns.offer(offer("a200ms"), 0)
    turns.offer(offer("a200ms"), 0)
    turns.handle_timeout(0)
    assert turns.next_timeout() == 500


def test_with_nobody_there_is_nothing_to_wait_for(turns: Turns) -> None:
    assert turns.next_timeout() is None
    assert turns.handle_timeout(1e9) == []
    assert turns.view(0).player == ""


def test_it_is_a_mode(turns: Turns) -> None:
    mode: Mode = turns
    assert mode.waiting == 0


USERS = st.sampled_from(["ada", "bob", "cleo", "dan", "eve"])


class TurnsMachine(RuleBasedStateMachine):
    """One player at a time, nobody lost: every offer is chosen, waits, or is counted under one reason."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = Turns(TurnsOptions(turn_s=3, idle_s=2), GameRules(load_controller("xbox")), Stage(1))
        self.now = 1_000.0
        self.offered = self.chosen = 0
        self.busy_until = 0.0

    @rule(user=USERS, length=st.sampled_from([50, 200, 1_500]))
    def offer(self, user: str, length: int) -> None:
        steps = (Step(0, Control.A, 1.0, 1), Step(length, Control.A, 0.0, 1))
        line = ChatLine("1", user, user, Level.VIEWER, "a", None, self.now, "arcade")
        self.turns.offer(Offer(line, Parsed(steps, "a")), self.now)
        self.offered += 1
        self.pump()

    @rule(user=USERS)
    def join(self, user: str) -> None:
        assert self.turns.join(user, user, "", self.now)
        self.pump()

    @rule(user=USERS)
    def gone(self, user: str) -> None:
        self.turns.gone(user)
        assert self.turns.view(self.now).player != user
        assert user not in self.turns.view(self.now).queue
        self.pump()

    @rule(user=USERS)
    def take_back(self, user: str) -> None:
        self.turns.take_back(lambda offer: offer.line.user == user)
        self.pump()

    @rule(ms=st.sampled_from([1, 100, 999, 5_000]))
    def wait(self, ms: int) -> None:
        self.now += ms
        self.pump()

    @rule()
    def wait_for_the_next_thing(self) -> None:
        due = self.turns.next_timeout()
        if due is not None:
            assert due > self.now
            self.now = due
            self.pump()

    def pump(self) -> None:
        for choice in self.turns.handle_timeout(self.now):
            assert choice.line is not None
            assert choice.name == self.turns.view(self.now).player
            assert self.now >= self.busy_until, "one after another"
            self.busy_until = self.now + choice.steps[-1].at_ms
            self.chosen += 1
        assert self.turns.handle_timeout(self.now) == [], "once a moment is dealt with, it is"

    @invariant()
    def every_offer_is_accounted_for(self) -> None:
        counted = self.turns.counters
        dropped = sum(counted[why] for why in ("not_your_turn", "too_many", "turn_over", "taken_back"))
        assert counted["offered"] == self.offered == self.chosen + self.turns.waiting + dropped
        assert self.turns.waiting <= MOST_WAITING

    @invariant()
    def the_player_does_not_queue(self) -> None:
        view = self.turns.view(self.now)
        assert view.player not in view.queue
        assert len(set(view.queue)) == len(view.queue)
        assert view.player or not view.queue


TurnsMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestTurns: Any = TurnsMachine.TestCase
