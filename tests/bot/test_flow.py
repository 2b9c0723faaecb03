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
from tunnel.events import Outcome, PeerSilent, Resolved
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
    assert flow.waiting == 1


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
