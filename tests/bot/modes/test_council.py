from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bot.changes import Change, SettingChanged
from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.catalogue import MODES
from bot.modes.council import Council
from bot.modes.mode import Choice, Offer
from bot.modes.rules import GameRules, Prompt
from bot.sequence import Step
from config.codes import Control
from config.controllers import Controller, load_controller
from config.levels import Level
from config.play import AnarchyOptions, ModesConfig, ModeVoteOptions

Build = Callable[..., Offer]
Read = Callable[[str], Parsed]
Call = Callable[..., Council]

VOTE = ModeVoteOptions(enabled=True, least_votes=3, cooldown_s=0)
SERIAL = ("democracy", "turns", "step")
CONFIG = ModesConfig(vote=VOTE, anarchy=AnarchyOptions(together=1))


@pytest.fixture
def told() -> list[Change]:
    """What the store would be told, in order."""
    return []


@pytest.fixture
def call(xbox: Controller, read: Read, told: list[Change]) -> Call:
    """Calls a council together; call(config, rules, **settings as they were before a restart)."""

    def build(config: ModesConfig = CONFIG, rules: GameRules | None = None, **before: str) -> Council:
        rules = rules or GameRules(xbox, pause=read("start"))
        return Council(config, rules, queue=5, pads=2, now=0, on_change=told.append, settings=before)

    return build


@pytest.fixture
def council(call: Call) -> Council:
    return call()


def vote_for_democracy(council: Council, now: float = 0) -> None:
    for user in ("ada", "bob", "cleo"):
        assert council.hear("democracy", user, now)


def names(choices: list[Choice]) -> list[str]:
    return [choice.name for choice in choices]


# The mode in force


def test_it_begins_as_configured_and_hands_inputs_to_the_mode(council: Council, offer: Build) -> None:
    assert council.mode_name == "anarchy"
    council.offer(offer("a"), 0)
    assert names(council.handle_timeout(0)) == ["Ada"]
    assert council.handle_timeout(0) == []


def test_a_moderator_sets_and_pins_a_mode(council: Council, told: list[Change]) -> None:
    assert council.set_mode("turns", 0) == "The mode is turns now."
    assert council.mode_name == "turns"
    view = council.view(0)
    assert (view.mode, view.pinned) == ("turns", True)
    assert told == [SettingChanged("mode", "turns"), SettingChanged("pinned", "yes")]


def test_what_waited_is_dropped_by_a_change_and_what_was_chosen_plays(council: Council, offer: Build) -> None:
    for text in ("a", "b", "x"):
        council.offer(offer(text), 0)
    assert council.set_mode("democracy", 0) == "The mode is democracy now. What waited is dropped (2)."
    assert [choice.text for choice in council.handle_timeout(0)] == ["a"]
    assert council.counters["dropped_by_change"] == council.passed_over == 2
    assert council.counters["offered"] == 3


def test_setting_the_mode_that_is_in_force_drops_nothing(council: Council, offer: Build) -> None:
    council.offer(offer("right5s"), 0)
    council.offer(offer("a"), 0)
    council.handle_timeout(0)
    assert council.set_mode("anarchy", 0) == "The mode is anarchy now."
    assert council.waiting == 1
    assert council.pinned


def test_a_mode_that_cannot_be_played_is_answered_with_why_not(
    call: Call, xbox: Controller, told: list[Change]
) -> None:
    council = call(rules=GameRules(xbox))
    assert "names no pause input" in council.set_mode("step", 0)
    assert "There is no mode" in council.set_mode("monarchy", 0)
    assert council.mode_name == "anarchy"
    assert not council.pinned
    assert told == []


def test_step_begins_with_a_hint_for_the_moderators(council: Council) -> None:
    assert council.set_mode("step", 0) == (
        "The mode is step now. If the game is not paused, a moderator types start once."
    )


def test_letting_go_of_the_mode_leaves_it_to_chat(council: Council, told: list[Change]) -> None:
    council.set_mode("anarchy", 0)
    assert council.unpin(1) == "Nobody holds the mode. It is anarchy, and chat may vote for another."
    assert told[-2:] == [SettingChanged("mode", None), SettingChanged("pinned", None)]


# The mode vote


def test_chat_moves_the_mode_by_naming_it(council: Council, told: list[Change]) -> None:
    vote_for_democracy(council)
    council.handle_timeout(0)
    assert council.mode_name == "democracy"
    assert told == [SettingChanged("mode", "democracy")]
    assert council.view(0).democracy_share == 1


def test_only_the_bare_name_of_a_mode_is_a_vote_for_it(council: Council) -> None:
    assert not council.hear("democracy now", "ada", 0)
    assert not council.hear("turns", "ada", 0)
    assert not council.hear("a", "ada", 0)


def test_where_the_mode_is_not_up_for_a_vote_its_name_is_talk(call: Call) -> None:
    council = call(ModesConfig())
    assert not council.hear("democracy", "ada", 0)
    assert council.vote("ada", "democracy", 0) == "The mode is not up for a vote here."
    assert council.view(0).democracy_from is None


def test_a_pin_holds_against_any_votes_until_it_is_let_go_of(council: Council) -> None:
    council.set_mode("anarchy", 0)
    vote_for_democracy(council)
    council.handle_timeout(0)
    assert council.mode_name == "anarchy"
    assert council.vote("dan", "democracy", 0) == (
        "Your vote for democracy counts, but a moderator holds the mode at anarchy."
    )
    council.unpin(1)
    council.handle_timeout(1)
    assert council.mode_name == "democracy"


def test_a_vote_is_answered_with_how_it_stands(council: Council) -> None:
    assert council.vote("ada", "democracy", 0) == (
        "Your vote for democracy counts: 1 so far, of at least 3 it takes."
    )
    assert council.vote("ada", "turns", 0) == "Vote for anarchy or for democracy."


def test_the_council_wakes_when_a_vote_lapses(council: Council) -> None:
    council.vote("ada", "anarchy", 0)
    assert council.next_timeout() == 600_000


def test_who_is_gone_has_no_vote_no_turn_and_no_team(council: Council) -> None:
    council.set_mode("teams", 0, pinned=False)
    council.join("ada", "Ada", "red", 0)
    vote_for_democracy(council)
    council.gone("ada")
    council.handle_timeout(0)
    assert council.mode_name == "teams"
    assert [team.members for team in council.view(0).teams] == [0, 0]


# Pause


def test_in_a_pause_nothing_is_chosen_and_inputs_are_refused(
    council: Council, offer: Build, told: list[Change]
) -> None:
    council.offer(offer("a"), 0)
    council.offer(offer("b"), 0)
    assert council.pause(0) == "Paused: nothing is played until !resume. What waited is dropped (2)."
    council.offer(offer("a"), 1)
    assert council.handle_timeout(10_000) == []
    assert council.next_timeout() is None
    assert (council.counters["paused"], council.waiting, council.paused) == (1, 0, True)
    assert council.view(1).headline == "Paused by a moderator."
    assert council.resume(2) == "Inputs play again."
    council.offer(offer("a"), 1_000)
    assert names(council.handle_timeout(1_000)) == ["Ada"]
    assert told == [SettingChanged("paused", "yes"), SettingChanged("paused", None)]


def test_a_vote_that_ends_as_the_pause_begins_is_not_played(call: Call, offer: Build) -> None:
    council = call(mode="democracy")
    council.offer(offer("a", "ada"), 0)
    council.offer(offer("b", "bob"), 60_000)
    council.pause(60_000)
    assert council.handle_timeout(60_000) == []
    assert council.counters["chosen"] == 0


def test_pausing_and_resuming_twice_is_told_and_harmless(council: Council, told: list[Change]) -> None:
    assert council.resume(0) == "Nothing is paused."
    council.pause(0)
    assert council.pause(0) == "It is paused already; !resume lets inputs play again."
    assert told == [SettingChanged("paused", "yes")]


def test_chat_does_not_move_the_mode_in_a_pause(council: Council) -> None:
    council.pause(0)
    vote_for_democracy(council)
    council.handle_timeout(0)
    assert council.mode_name == "anarchy"
    council.resume(1)
    council.handle_timeout(1)
    assert council.mode_name == "democracy"


# What is taken back


def test_a_line_and_the_ban_of_who_wrote_it_may_come_together(council: Council, offer: Build) -> None:
    for user in ("ada", "bob"):
        council.offer(offer("a", user), 0)
    assert council.take_back(lambda line: line.user == "ada") == 1
    assert names(council.handle_timeout(0)) == ["Bob"], "the pad is free"
    assert (council.counters["chosen"], council.counters["taken_back"], council.waiting) == (1, 1, 0)


def test_what_presses_a_locked_button_is_taken_back_wherever_it_waits(council: Council, offer: Build) -> None:
    start = frozenset({(Control.START, 1)})
    council.offer(offer("a+start", "ada"), 0)
    for text in ("b", "x start", "start"):
        council.offer(offer(text, "bob"), 0)
    assert council.take_back_moves(start) == 3, "one was chosen, two wait"
    assert [choice.text for choice in council.handle_timeout(0)] == ["b"]
    assert (council.counters["chosen"], council.counters["taken_back"], council.waiting) == (1, 3, 0)
    council.set_mode("democracy", 0)
    council.offer(offer("start"), 0)
    assert council.take_back_moves(start) == 1
    assert council.waiting == 0


def test_a_word_is_taken_back_from_one_viewer_where_all_of_it_is_pressed(
    call: Call, offer: Build, read: Read
) -> None:
    council = call(mode="democracy")
    for text, user in [("upleft", "kim"), ("up", "lee"), ("upleft", "ada")]:
        council.offer(offer(text, user), 0)
    assert council.take_back_word("lee", read("upleft").moves) == 0
    assert council.take_back_word("kim", read("upleft").moves) == 1
    assert (council.counters["taken_back"], council.waiting) == (1, 2)


# What plays, whatever happens around it


def moment(council: Council, offer: Build, now: float = 0) -> float:
    """A moment of `a` begins; when."""
    council.set_mode("step", now)
    council.offer(offer("a"), now)
    (choice,) = council.handle_timeout(now + 10_000)
    assert choice.text == "a"
    return now + 10_000


@pytest.mark.parametrize("how", ["a reload", "another mode and back"])
def test_no_moment_begins_while_another_plays(
    council: Council, offer: Build, xbox: Controller, read: Read, how: str
) -> None:
    council.set_mode("step", 0)
    council.offer(offer("a5s"), 0)
    council.handle_timeout(10_000)
    council.offer(offer("b"), 10_000)
    if how == "a reload":
        council.retune(GameRules(xbox, pause=read("start")), 10_001)
    else:
        council.set_mode("democracy", 10_001)
        council.set_mode("step", 10_002)
        council.offer(offer("b"), 10_002)
    council.offer(offer("start", "mo", level=Level.MODERATOR), 10_003)
    ends = 10_000 + 5_000 + 2 * 250
    assert council.handle_timeout(ends) == []
    assert council.next_timeout() == ends + 50
    assert [choice.text for choice in council.handle_timeout(ends + 50)] == ["start"]


@pytest.mark.parametrize("mode", ["democracy", "turns"])
@pytest.mark.parametrize("how", ["a reload", "another mode and back"])
def test_nor_does_any_other_input_where_one_plays_after_another(
    council: Council, offer: Build, xbox: Controller, how: str, mode: str
) -> None:
    council.set_mode("anarchy", 0)
    council.offer(offer("a5s"), 0)
    council.handle_timeout(0)
    council.set_mode(mode, 0)
    if how == "a reload":
        council.retune(GameRules(xbox), 1)
    else:
        council.set_mode("anarchy", 1)
        council.set_mode(mode, 1)
    council.offer(offer("b"), 1)
    assert council.handle_timeout(5_049) == []
    assert [choice.text for choice in council.handle_timeout(5_050)] == ["b"]


WARNING = "The game may run on: if it does, a moderator types start once."


def test_when_a_moment_is_cut_short_a_moderator_is_told_what_to_type(council: Council, offer: Build) -> None:
    now = moment(council, offer)
    assert council.warning == ""
    council.take_back_all()
    assert council.warning == council.view(now).headline == WARNING
    council.offer(offer("start", "mo", level=Level.MODERATOR), now)
    assert [choice.text for choice in council.handle_timeout(now)] == ["start"], "nothing plays any more"
    assert council.warning == ""
    assert council.view(now + 1_000).headline.startswith("The game stands still")


def test_a_moment_that_is_over_was_not_cut_short(council: Council, offer: Build) -> None:
    now = moment(council, offer) + 1_500
    council.handle_timeout(now)
    council.take_back_all()
    assert council.warning == ""


def test_a_pause_in_a_moment_says_so_and_so_does_its_end(council: Council, offer: Build) -> None:
    now = moment(council, offer)
    assert council.pause(now) == (
        "Paused: nothing is played until !resume. "
        "The game may run on: if it does, after !resume, a moderator types start once."
    )
    assert council.resume(now) == f"Inputs play again. {WARNING}"


def test_a_lock_of_what_a_moment_is_for_cuts_it_short_and_one_of_its_pause_does_not(
    council: Council, offer: Build
) -> None:
    moment(council, offer)
    council.take_back_moves(frozenset({(Control.START, 1)}))
    assert council.warning == ""
    council.take_back_moves(frozenset({(Control.A, 1)}))
    assert council.warning == WARNING


def test_entering_step_anew_is_told_to_look_anyhow(council: Council, offer: Build) -> None:
    now = moment(council, offer)
    council.take_back_all()
    assert "a moderator types start once" in council.set_mode("step", now)
    assert council.warning == ""


def test_what_moderators_may_press_though_it_is_locked(council: Council) -> None:
    assert council.pause_input is None
    council.set_mode("step", 0)
    assert council.pause_input is not None
    assert council.pause_input.text == "start"


# Idle and periodic inputs


def test_the_idle_input_comes_when_nobody_has_played_for_a_while(
    call: Call, xbox: Controller, read: Read, offer: Build
) -> None:
    council = call(rules=GameRules(xbox, idle=Prompt(read("b"), 10_000)))
    council.offer(offer("right5s"), 0)
    council.handle_timeout(0)
    assert council.next_timeout() == 15_000, "not while an input plays"
    assert names(council.handle_timeout(15_000)) == ["crowdpad"]
    assert council.counters["idle"] == 1
    assert council.passed_over == 0


def test_typing_without_being_played_is_not_idling_either(
    call: Call, xbox: Controller, read: Read, offer: Build
) -> None:
    council = call(rules=GameRules(xbox, idle=Prompt(read("b"), 10_000)), mode="democracy")
    council.offer(offer("a"), 9_000)
    assert council.handle_timeout(10_000) == []


@pytest.mark.parametrize("still", ["pause", "step"])
def test_nothing_is_pressed_unasked_where_the_game_stands_still(
    call: Call, xbox: Controller, read: Read, still: str
) -> None:
    prompt = Prompt(read("b"), 10_000)
    council = call(rules=GameRules(xbox, pause=read("start"), idle=prompt, periodic=prompt))
    if still == "pause":
        council.pause(0)
    else:
        council.set_mode("step", 0)
    assert council.handle_timeout(50_000) == []
    assert council.next_timeout() is None
    if still == "pause":
        council.resume(50_000)
    else:
        council.set_mode("turns", 50_000)
    assert council.handle_timeout(50_000) == []
    assert council.next_timeout() == 60_000


# The game was loaded anew


@pytest.mark.parametrize("mode", ["anarchy", "democracy", "turns", "teams", "step"])
def test_a_game_loaded_anew_keeps_the_mode_and_what_waits(
    council: Council, offer: Build, xbox: Controller, read: Read, mode: str
) -> None:
    council.set_mode(mode, 0)
    council.offer(offer("right5s"), 0)
    council.offer(offer("a"), 0)
    council.handle_timeout(0)
    waiting = council.waiting
    assert council.retune(GameRules(replace(xbox), pause=read("start")), 1) == ""
    assert (council.mode_name, council.waiting) == (mode, waiting)
    assert waiting == 1


def test_another_game_keeps_the_mode_and_drops_what_waited(
    council: Council, offer: Build, xbox: Controller
) -> None:
    council.offer(offer("right5s"), 0)
    council.offer(offer("a"), 0)
    assert council.retune(GameRules(xbox, name="other"), 1) == ""
    assert council.mode_name == "anarchy"
    assert names(council.handle_timeout(1)) == ["Ada"]
    assert (council.waiting, council.counters["dropped_by_change"]) == (0, 1)
    assert council.counters["mode_changes"] == 0


def test_whose_turn_it_is_and_who_is_in_which_team_outlasts_it(council: Council, xbox: Controller) -> None:
    council.set_mode("turns", 0)
    council.join("ada", "Ada", "", 0)
    council.join("bob", "Bob", "", 0)
    council.retune(GameRules(xbox), 1)
    view = council.view(1)
    assert (view.player, view.queue) == ("Ada", ("Bob",))
    council.set_mode("teams", 2)
    council.join("ada", "Ada", "blue", 2)
    council.retune(GameRules(xbox), 3)
    assert [team.members for team in council.view(3).teams] == [0, 1]


def test_a_game_without_a_pause_input_ends_step(
    council: Council, xbox: Controller, told: list[Change]
) -> None:
    council.set_mode("step", 0)
    assert council.retune(GameRules(xbox), 1).endswith("The mode is anarchy now.")
    assert council.mode_name == "anarchy"


# After a restart


def test_after_a_restart_it_is_as_it_was(call: Call, told: list[Change]) -> None:
    council = call(mode="turns", pinned="yes", paused="yes")
    assert (council.mode_name, council.pinned, council.paused) == ("turns", True, True)
    council.resume(0)
    assert told == [SettingChanged("paused", None)], "only what changed is told"


@pytest.mark.parametrize("before", ["step", "monarchy"])
def test_a_mode_that_can_no_longer_be_played_gives_way(
    call: Call, xbox: Controller, before: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert call(rules=GameRules(xbox), mode=before).mode_name == "anarchy"
    assert f"The mode cannot be {before}." in caplog.text


def test_so_does_one_that_the_configuration_asks_for(call: Call, xbox: Controller) -> None:
    assert call(ModesConfig(start="step"), GameRules(xbox)).mode_name == "anarchy"


# In any order


def press(control: Control, ms: int) -> Parsed:
    return Parsed((Step(0, control, 1.0, 1), Step(ms, control, 0.0, 1)), control.value.lower())


class CouncilMachine(RuleBasedStateMachine):
    """Whatever is asked of it, in any order: nothing is lost uncounted, nothing grows, a restart finds the
    same mode, and no mode that plays one after another plays over what plays already.
    """

    users = st.sampled_from(["ada", "bob", "cleo", "dan"])

    def __init__(self) -> None:
        super().__init__()
        pause, idle = press(Control.START, 100), Prompt(press(Control.B, 100), 20_000)
        self.game = GameRules(load_controller("xbox"), pause, idle, idle)
        self.kept: dict[str, str] = {}
        self.now = 1_000.0
        self.offered = self.chosen = self.idle = 0
        self.plays_until = 0.0
        self.council = self.begin()

    def begin(self) -> Council:
        return Council(
            CONFIG, self.game, queue=5, pads=2, now=self.now, on_change=self.keep, settings=self.kept
        )

    def keep(self, change: Change) -> None:
        assert isinstance(change, SettingChanged)
        self.kept.pop(change.key, None)
        if change.value is not None:
            self.kept[change.key] = change.value

    @rule(user=users, control=st.sampled_from([Control.A, Control.START]), ms=st.sampled_from([100, 3_000]))
    def offer(self, user: str, control: Control, ms: int) -> None:
        line = ChatLine("1", user, user, Level.MODERATOR, "a", None, self.now, "arcade")
        self.council.offer(Offer(line, press(control, ms)), self.now)
        self.offered += 1

    @rule(mode=st.sampled_from(MODES), pinned=st.booleans())
    def set_mode(self, mode: str, pinned: bool) -> None:
        self.council.set_mode(mode, self.now, pinned)
        assert self.council.mode_name == mode
        assert self.council.pinned == pinned

    @rule(user=users, mode=st.sampled_from(["anarchy", "democracy"]))
    def hear(self, user: str, mode: str) -> None:
        assert self.council.hear(mode, user, self.now)

    @rule(user=users, team=st.sampled_from(["", "red", "pink"]))
    def join(self, user: str, team: str) -> None:
        assert self.council.join(user, user, team, self.now)

    @rule(user=users)
    def ban(self, user: str) -> None:
        self.council.take_back(lambda line: line.user == user)
        self.council.gone(user)
        self.plays_until = self.now

    @rule(control=st.sampled_from([Control.A, Control.START]))
    def lock(self, control: Control) -> None:
        self.council.take_back_moves(frozenset({(control, 1)}))
        self.plays_until = self.now

    @rule()
    def take_back_all(self) -> None:
        self.council.take_back_all()
        assert self.council.waiting == 0
        self.plays_until = self.now

    @rule(what=st.sampled_from(["pause", "resume", "unpin"]))
    def moderate(self, what: str) -> None:
        assert getattr(self.council, what)(self.now)
        if what == "pause":
            self.plays_until = self.now

    @rule(pause=st.booleans(), name=st.sampled_from(["", "other"]))
    def load_the_game_anew(self, pause: bool, name: str) -> None:
        rules = self.game._replace(name=name)
        self.council.retune(rules if pause else rules._replace(pause=None), self.now)
        self.council.retune(self.game, self.now)

    @rule(ms=st.sampled_from([0, 100, 5_000, 30_000]))
    def wait(self, ms: int) -> None:
        self.now += ms
        self.pump()

    @rule()
    def wait_for_the_next_thing(self) -> None:
        self.pump()
        due = self.council.next_timeout()
        if due is not None:
            assert due > self.now, "nothing that is over is waited for"
            self.now = due
            self.pump()

    def pump(self) -> None:
        mode = self.council.mode_name
        for choice in self.council.handle_timeout(self.now):
            self.chosen += choice.name != "crowdpad"
            self.idle += choice.name == "crowdpad"
            if choice.name != "crowdpad" and mode == self.council.mode_name and mode in SERIAL:
                assert self.plays_until <= self.now, "one after another"
            self.plays_until = max(self.plays_until, self.now + choice.steps[-1].at_ms)
        assert self.council.handle_timeout(self.now) == []

    @invariant()
    def every_offer_is_accounted_for(self) -> None:
        self.pump()
        counted = self.council.counters
        assert counted["offered"] == self.offered
        assert counted["chosen"] == self.chosen
        assert counted["idle"] + counted["periodic"] == self.idle
        assert self.council.passed_over >= 0
        assert self.council.waiting <= 5

    @invariant()
    def a_restart_finds_it_as_it_is(self) -> None:
        again = self.begin()
        for what in ("mode_name", "pinned", "paused"):
            assert getattr(again, what) == getattr(self.council, what)


CouncilMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestCouncil: Any = CouncilMachine.TestCase
