"""The whole way through the bot, without a network and without a clock: chat in, tunnel and chat out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.assembly import Assembled
from bot.changes import MacroDefined, PersonForgotten, Restricted, SettingChanged
from bot.chat.line import (
    ChatCleared,
    ChatLine,
    MessageDeleted,
    SourceState,
    Triggered,
    TriggerKind,
    UserCleared,
)
from bot.flow import Flow
from bot.store import Memory
from config.levels import Level
from config.notes import MODE
from tunnel.events import Outcome, PeerHeard, PeerSilent, Resolved
from tunnel.frame import Frame, SequenceId

Say = Callable[..., ChatLine]

GAME = """
title: A test
controller: xbox
words: {jump: a}
locked: [x]
levels: {start: moderator}
macros: {"twice(b)": "<b> <b>"}
triggers: [{kind: cheer, least: 100, line: "a1s"}]
pause: start
idle: {line: b, after_s: 60}
"""

Build = Callable[..., Assembled]
World = Any  # that of conftest.py


@pytest.fixture
def flow(build: Build) -> Flow:
    return build().flow


def by_moderator(line: ChatLine) -> ChatLine:
    return ChatLine(**{name: getattr(line, name) for name in line.__slots__} | {"level": Level.MODERATOR})


def test_a_line_leaves_at_once_dated_now(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("A500ms \U000e0000")], now=7_000.5)
    assert world.submitted == [(Frame(1, 1300, 7_000), Frame(1, 2300, 7_500))]
    assert world.chosen[0].text == "a500ms"


def test_every_line_is_counted_as_exactly_one_thing(build: Build, say: Say) -> None:
    limits = {"per_user_per_second": 1, "per_user_burst": 2, "global_per_second": 0}
    flow = build(limits=limits, modes={"vote": {"enabled": True}}).flow
    texts = ("hello", "a500q", "a", "b", "x", "a lol", "!help", "democracy")
    flow.handle([say(text) for text in texts], now=0)
    stats = flow.stats()
    assert (stats.lines, stats.talk, stats.refused, stats.commands, stats.limited) == (8, 2, 1, 2, 1)
    assert (stats.asked, stats.voted) == (1, 1)


def test_what_was_typed_is_what_became_of_it(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"anarchy": {"together": 2}}, queue=3).flow
    flow.handle([say("a", user=f"u{place}") for place in range(10)], now=0)
    flow.handle_event(Resolved(SequenceId(1), Outcome.APPLIED, 1.0))
    flow.handle([UserCleared("u9")], now=1)
    stats = flow.stats()
    world.in_flight = 1
    ends = stats.passed_over + stats.cancelled + stats.applied + stats.waiting + 1
    assert (stats.commands, stats.prompted) == (10, 0)
    assert ends == 10


def test_talk_and_mistakes_cost_a_viewer_nothing(build: Build, say: Say) -> None:
    limits = {"per_user_per_second": 1, "per_user_burst": 2, "global_per_second": 0}
    flow = build(limits=limits).flow
    flow.handle([say("hello"), say("a500q")] * 10 + [say("a")], now=0)
    assert flow.stats().commands == 1


def test_a_ban_takes_back_what_waits_and_what_is_under_way(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"anarchy": {"together": 2}}).flow
    flow.handle([say("a5s", "troll"), say("b5s", "ada"), say("x", "troll"), say("y", "ada")], now=0)
    flow.handle([UserCleared("troll")], now=200)
    assert world.cancelled == [(1,)]
    assert flow.stats().cancelled == 1
    assert flow.waiting == 0, "ada's y has room where the troll's a was"


def test_a_ban_takes_back_the_vote(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"start": "democracy", "democracy": {"window_s": 5, "shortest_window_s": 5}}).flow
    flow.handle([say("a", "troll"), say("b", "ada")], now=0)
    flow.handle([UserCleared("troll")], now=100)
    flow.handle_timeout(now=10_000)
    assert world.pressed == [1302]
    assert world.chosen[0].line is None


def test_a_deleted_message_takes_back_its_own_sequence(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a", id="m1"), say("b", id="m2"), MessageDeleted("m2")], now=0)
    flow.handle([MessageDeleted("m1")], now=1)
    assert world.cancelled == [(2,), (1,)]


def test_an_emptied_chat_takes_back_everything(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a")], now=0)
    flow.handle_event(PeerSilent())
    flow.handle([say("b"), ChatCleared()], now=1)
    assert world.cancelled == [()]
    assert flow.waiting == 0


def test_a_mistake_is_answered_in_chat_and_under_the_line(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a500q", id="m1")], now=0)
    assert world.said == [('character 5: unknown unit "q"; use ms or s', "m1")]


def test_a_bot_that_cannot_write_answers_nobody(build: Build, world: World, say: Say) -> None:
    build(voice=False).flow.handle([say("a500q"), say("!help")], now=0)
    assert world.said == []


def test_mistakes_need_not_be_answered(build: Build, world: World, say: Say) -> None:
    build(commands={"answer_mistakes": False}).flow.handle([say("a500q")], now=0)
    assert world.said == []


def test_a_game_s_words_locks_and_levels_hold(build: Build, world: World, say: Say) -> None:
    flow = build(game=GAME).flow
    flow.handle([say("jump"), say("x"), say("start"), by_moderator(say("start", user="mo"))], now=0)
    assert world.pressed == [1300, 1308]
    assert flow.stats().limited == 2


def test_bits_are_played_whatever_the_mode_unless_it_is_paused(build: Build, world: World, say: Say) -> None:
    flow = build(game=GAME, modes={"start": "democracy"}).flow
    cheer = Triggered("e1", TriggerKind.CHEER, "7", "Ada", "", 100, "", 0.0)
    flow.handle([cheer, by_moderator(say("!pause", user="mo")), cheer], now=0)
    assert world.submitted == [(Frame(1, 1300, 0), Frame(1, 2300, 1_000))]
    assert (flow.stats().prompted, world.chosen[0].name) == (1, "Ada")


def test_an_idle_game_is_moved(build: Build, world: World) -> None:
    flow = build(game=GAME).flow
    flow.handle_timeout(now=59_999)
    assert world.pressed == []
    flow.handle_timeout(now=60_000)
    assert world.pressed == [1302]
    assert flow.stats().prompted == 1


def test_a_moderator_holds_everything_and_lets_go(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a5s"), by_moderator(say("!pause", user="mo")), say("b")], now=0)
    assert world.cancelled == [()]
    assert len(world.pressed) <= 1
    flow.handle([by_moderator(say("!resume", user="mo")), say("b")], now=1_000)
    assert world.pressed[-1] == 1302


def test_neutral_takes_everything_back_and_the_game_goes_on(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a5s")], now=0)
    flow.handle([by_moderator(say("!neutral", user="mo")), say("b")], now=100)
    assert world.cancelled == [()]
    assert world.pressed == [1300, 1302]


def test_a_viewer_cannot_give_a_moderator_s_command(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("!pause"), say("a")], now=0)
    assert world.pressed == [1300]
    assert world.said == []


def test_locks_restrictions_and_macros_hold_at_once_and_are_written_down(
    flow: Flow, world: World, say: Say
) -> None:
    orders = ["!lock y", "!restrict ada b 1h", "!macro add mash(b,n) [<b>34ms #34ms]*<n>"]
    flow.handle([say("hello")] + [by_moderator(say(order, user="mo")) for order in orders], now=0)
    flow.handle([say("y"), say("b"), say("#mash(a,2)")], now=5_000)
    assert [len(frames) for frames in world.submitted] == [4]
    assert [type(change) for change in world.changes] == [SettingChanged, Restricted, MacroDefined]


def test_what_was_set_before_a_restart_holds_after_it(build: Build, world: World, say: Say) -> None:
    memory = Memory(
        people=[],
        is_all=True,
        wishes=["ada"],
        restrictions=[Restricted("kim", "", None)],
        macros=[MacroDefined("hop", (), "a")],
        settings={"locked": "y", "mode": "democracy", "pinned": "yes"},
    )
    flow = build(memory=memory).flow
    flow.handle([say("a", user="kim"), say("y"), say("#hop")], now=0)
    assert flow.stats().limited == 2
    flow.handle_timeout(now=60_000)
    assert world.pressed == [1300]
    assert world.views[-1].mode == "democracy"


def test_who_asks_is_told_what_is_stored_and_forgotten_on_request(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("a"), say("!me"), say("!forget")], now=0)
    assert world.said[0][0].startswith("Stored about you: your names, 1 inputs")
    assert PersonForgotten("ada", opted_out=True) in world.changes


def test_what_was_played_counts_for_who_typed_it(build: Build, world: World, say: Say) -> None:
    parts = build()
    parts.flow.handle([say("a"), say("b")], now=0)
    parts.flow.handle_event(Resolved(SequenceId(1), Outcome.APPLIED, 5.0))
    parts.flow.handle_event(Resolved(SequenceId(2), Outcome.STALE, None))
    person = parts.people.me("ada")
    assert person is not None
    assert (person.commands, person.played) == (2, 1)


def test_a_game_is_changed_by_name(build: Build, world: World, say: Say, tmp_path: Path) -> None:
    parts = build(game=GAME)
    (tmp_path / "other.yaml").write_text("title: Another\ncontroller: nes\nwords: {hop: b}\n")
    parts.flow.handle([by_moderator(say("!game other", user="mo")), say("hop"), say("jump")], now=0)
    assert len(world.pressed) == 1
    assert SettingChanged("game", "other") in world.changes


def test_a_page_with_a_mistake_leaves_the_old_game_on(
    build: Build, world: World, say: Say, tmp_path: Path
) -> None:
    parts = build(game=GAME)
    (tmp_path / "game.yaml").write_text("title: A test\ncontroller: xbox\nwords: {jump: banana}\n")
    parts.flow.handle([by_moderator(say("!reload", user="mo")), say("jump")], now=0)
    assert "What was in force stays." in world.said[0][0]
    assert world.pressed == [1300]


def test_the_page_is_told_how_the_mode_stands(flow: Flow, world: World) -> None:
    flow.handle_timeout(now=0)
    assert (world.notes, world.views[0].mode) == ([MODE], "anarchy")


def test_the_source_s_condition_is_logged_and_told(
    flow: Flow, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    state = SourceState(up=False, text="Twitch does not answer.")
    with caplog.at_level(logging.INFO):
        flow.handle([state], now=0)
    assert "Twitch does not answer." in caplog.messages
    assert world.states == [state]


def test_a_source_that_has_ended_by_itself_is_no_warning(
    flow: Flow, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        flow.handle([SourceState(False, "The recording has ended.", ended=True)], now=0)
    assert [record.levelno for record in caplog.records] == [logging.INFO]


def test_whoever_types_is_told_why_a_line_is_no_input_and_once_what_talk_is(
    build: Build, say: Say, caplog: pytest.LogCaptureFixture
) -> None:
    flow = build(chat={"source": "terminal"}).flow
    caplog.clear()
    with caplog.at_level(logging.INFO):
        flow.handle([say("hello"), say("a500q"), say("how are you")], now=0)
    talk, refused = caplog.messages
    assert "That is talk, not an input." in talk
    assert refused.startswith("Character 5: ")


def test_a_flow_is_idle_when_nothing_waits_flies_or_is_held(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"anarchy": {"together": 1}}).flow
    assert flow.is_idle(0)
    flow.handle([say("a5s"), say("b")], now=0)
    assert not flow.is_idle(1)
    assert flow.waiting == 1
    flow.handle_timeout(now=5_000)
    assert not flow.is_idle(5_000)
    assert flow.is_idle(10_000)


def test_what_a_vote_chose_before_a_neutral_is_taken_back_too(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"start": "democracy", "democracy": {"window_s": 5, "shortest_window_s": 5}}).flow
    flow.handle([say("a5s")], now=0)
    flow.handle([by_moderator(say("!neutral", user="mo"))], now=10_000)
    assert len(world.submitted) == 1
    assert world.cancelled == [()]


def test_a_recording_that_asks_for_help_keeps_nobody_awake(build: Build, say: Say) -> None:
    flow = build(voice=False).flow
    flow.handle([say("!help")], now=0)
    flow.handle_timeout(now=0)
    assert flow.next_timeout() > 0


# What moderators forbid, at every place where an input may be


A, B, START = 1300, 1302, 1308  # the integers that press them


def order(say: Say, text: str) -> ChatLine:
    return by_moderator(say(text, user="mo"))


def cheer(user: str = "eve", id: str = "cheer") -> Triggered:
    return Triggered(id, TriggerKind.CHEER, user, user.title(), "", 100, "", 0.0)


@pytest.mark.parametrize("forbids", ["!lock b", "!restrict eve b", "!silence eve"])
def test_what_waits_in_the_mode_is_not_played_once_it_is_forbidden(
    build: Build, world: World, say: Say, forbids: str
) -> None:
    democracy = build(modes={"start": "democracy"}).flow
    democracy.handle([say("b", "eve"), order(say, forbids)], now=0)
    democracy.handle_timeout(now=30_000)
    anarchy = build(modes={"anarchy": {"together": 1}}).flow
    anarchy.handle([say("a1s"), say("b", "eve"), order(say, forbids)], now=0)
    anarchy.handle_timeout(now=1_000)
    assert world.pressed == [A]
    assert (democracy.stats().cancelled, anarchy.stats().cancelled) == (1, 1)


@pytest.mark.parametrize("forbids", ["!lock b", "!restrict eve b", "!silence eve"])
def test_what_waits_for_the_receiver_does_not_leave_once_it_is_forbidden(
    flow: Flow, world: World, say: Say, forbids: str
) -> None:
    flow.handle_event(PeerSilent())
    flow.handle([say("b", "eve"), order(say, forbids)], now=0)
    flow.handle_event(PeerHeard())
    flow.handle_timeout(now=100)
    assert world.pressed == []


@pytest.mark.parametrize("forbids", ["!lock start", "!restrict eve start", "!silence eve"])
def test_what_is_held_is_let_go_of_once_it_is_forbidden(
    flow: Flow, world: World, say: Say, forbids: str
) -> None:
    flow.handle([say("start5s", "eve"), say("a5s", "ada")], now=0)
    flow.handle([order(say, forbids)], now=1)
    assert world.cancelled == [(1,)]


def test_the_pause_around_a_moment_is_nobody_s_use_of_a_locked_word(
    build: Build, world: World, say: Say
) -> None:
    game = "title: T\ncontroller: xbox\npause: start\n"
    flow = build(game=game, modes={"start": "step", "step": {"window_s": 1}}).flow
    flow.handle([order(say, "!lock start"), say("a")], now=0)
    flow.handle_timeout(now=1_000)
    flow.handle([order(say, "!lock start b")], now=1_100)
    assert [frame.value for frame in world.submitted[0][::2]] == [START, A, START]
    assert world.cancelled == []


@pytest.mark.parametrize("page", ["", "locked: [start]"])
def test_where_the_mode_needs_it_moderators_press_a_locked_pause_input(
    build: Build, world: World, say: Say, page: str
) -> None:
    game = f"title: T\ncontroller: xbox\npause: start\n{page}\n"
    flow = build(game=game, modes={"start": "step"}).flow
    flow.handle([order(say, "!lock start"), say("start"), order(say, "start a"), order(say, "start")], now=0)
    flow.handle_timeout(now=1)
    assert (world.pressed, flow.stats().limited) == ([START], 2)
    flow.handle([order(say, "!mode set anarchy"), order(say, "start")], now=1_000)
    assert (world.pressed, flow.stats().limited) == ([START], 3)


def test_who_is_silenced_is_heard_in_nothing(build: Build, world: World, say: Say) -> None:
    flow = build(modes={"vote": {"enabled": True, "least_votes": 1}}).flow
    flow.handle([say("hello", "eve"), order(say, "!silence eve")], now=0)
    world.said.clear()
    texts = ["a", "a500q", "democracy", "!vote democracy", "!help", "!join"]
    flow.handle([say(text, "eve") for text in texts], now=1)
    flow.handle_timeout(now=100_000)
    stats = flow.stats()
    assert (world.said, world.pressed, world.views[-1].mode) == ([], [], "anarchy")
    assert (stats.limited, stats.lines) == (6, 8)


def test_a_moderator_whom_another_has_silenced_can_take_it_back(build: Build, world: World, say: Say) -> None:
    memory = Memory([], True, [], [Restricted("mo", "", None)], [], {})
    build(memory=memory).flow.handle([order(say, "a"), order(say, "!release mo")], now=0)
    assert world.pressed == [A]
    assert world.said[0][0] == "Mo may use everything again."


@pytest.mark.parametrize("forbids", ["!lock a", "!restrict eve a", "!silence eve"])
def test_no_bits_buy_what_moderators_forbid(build: Build, world: World, say: Say, forbids: str) -> None:
    flow = build(game=GAME).flow
    flow.handle([say("hello", "eve"), order(say, forbids), cheer()], now=0)
    assert (world.pressed, flow.stats().prompted) == ([], 0)


def test_bits_buy_what_the_page_locks_for_all_others(build: Build, world: World, say: Say) -> None:
    flow = build(game=GAME.replace("locked: [x]", "locked: [a]")).flow
    flow.handle([say("a"), cheer()], now=0)
    assert (world.pressed, flow.stats().limited) == ([A], 1)


def test_what_bits_bought_is_taken_back_with_who_paid_or_with_the_message(
    build: Build, world: World, say: Say
) -> None:
    flow = build(game=GAME).flow
    flow.handle([cheer("eve", "m1"), cheer("kim", "m2"), cheer("lee", "m3")], now=0)
    flow.handle_event(PeerSilent())
    flow.handle([cheer("eve", "m4"), cheer("kim", "m5"), cheer("lee", "m6")], now=1)
    flow.handle([UserCleared("eve"), MessageDeleted("m2"), MessageDeleted("m5")], now=2)
    assert (world.cancelled, flow.waiting) == ([(1,), (2,)], 1)


def test_neither_a_moderator_s_macro_nor_how_chat_is_read_changes_what_bits_buy(
    build: Build, world: World, say: Say
) -> None:
    game = """
title: T
controller: xbox
macros: {wake: "start a"}
triggers: [{kind: cheer, least: 100, line: "#wake b"}]
"""
    flow = build(game=game, first_word=True).flow
    flow.handle([order(say, "!macro add wake x5s"), cheer()], now=0)
    assert [frame.value for frame in world.submitted[0][::2]] == [START, A, B]


# Cool-downs


RESTS = "title: T\ncontroller: xbox\ncooldowns: {start: {everybody_s: 30}}\n"


def test_who_votes_for_a_button_does_not_rest_it_for_the_other_voters(
    build: Build, world: World, say: Say
) -> None:
    flow = build(game=RESTS, modes={"start": "democracy"}).flow
    votes = [say("start", f"u{place}") for place in range(5)]
    flow.handle([*votes, say("a", "ada"), say("a", "kim")], now=0)
    flow.handle_timeout(now=20_000)
    flow.handle([say("start", "lee")], now=20_001)
    assert (world.pressed, flow.stats().limited) == ([START], 1)


def test_who_types_out_of_turn_rests_nothing(build: Build, world: World, say: Say) -> None:
    flow = build(game=RESTS, modes={"start": "turns"}).flow
    flow.handle([say("a", "player"), say("start", "troll")], now=0)
    flow.handle([say("start", "player")], now=1_000)
    assert world.pressed == [A, START]


def test_what_a_pause_refuses_rests_nothing(build: Build, world: World, say: Say) -> None:
    flow = build(game=RESTS).flow
    flow.handle([order(say, "!pause"), say("start"), order(say, "!resume"), say("start", "kim")], now=0)
    assert (world.pressed, flow.stats().limited) == ([START], 0)


def test_of_several_that_come_together_one_is_played_and_the_others_are_passed_over(
    build: Build, world: World, say: Say
) -> None:
    flow = build(game=RESTS).flow
    flow.handle([say("start", f"u{place}") for place in range(5)], now=0)
    stats = flow.stats()
    assert (world.pressed, stats.commands, stats.passed_over, stats.limited) == ([START], 5, 4, 0)
    flow.handle([say("start", "late")], now=1)
    assert flow.stats().limited == 1


def test_a_line_that_comes_after_its_own_deletion_or_ban_is_not_played(
    flow: Flow, world: World, say: Say
) -> None:
    flow.handle([MessageDeleted("z1"), say("a", "eve", id="z1")], now=0)
    flow.handle([UserCleared("troll"), say("b", "troll")], now=0)
    assert world.submitted == []
    assert flow.stats().limited == 2


def test_whoever_is_silenced_can_still_have_their_data_deleted(flow: Flow, world: World, say: Say) -> None:
    flow.handle([say("hello", "kim"), by_moderator(say("!silence kim", user="mo"))], now=0)
    flow.handle([say("!forget", "kim"), say("!help", "kim")], now=60_000)
    assert PersonForgotten("kim", opted_out=True) in world.changes
    assert len(world.said) == 2
