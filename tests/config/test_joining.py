from __future__ import annotations

from pathlib import Path

import pytest

from config.codes import Control
from config.controllers import Action, load_controller
from config.game import Cooldown, Game, Idle, MacroText, TriggerRule
from config.game_page import GamePage
from config.joining import join
from config.levels import Level
from config.mistakes import ConfigError
from config.pages import read_page

C = Control
FILE = Path("mine.yaml")


def joined(text: str, controller: str = "snes") -> Game:
    return join(read_page(FILE, f"title: Mine\n{text}".encode(), GamePage), load_controller(controller))


def mistakes(text: str, controller: str = "snes") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        joined(text, controller)
    return [line.removeprefix(f"{FILE}:") for line in str(caught.value).splitlines()]


def test_a_page_that_says_nothing_leaves_the_controller_as_it_is() -> None:
    base = load_controller("snes")
    game = joined("")
    assert (game.name, game.title) == ("mine", "Mine")
    assert game.controller is not base
    assert game.controller.words == base.words
    assert game.controller.forbidden == base.forbidden
    assert (game.locked, game.levels, game.cooldowns, game.triggers) == (frozenset(), {}, {}, ())
    assert (game.pause, game.idle, game.periodic) == (None, None, None)


def test_a_game_adds_words_for_one_input_or_for_several_together() -> None:
    words = joined("words: {jump: b, leap: [right, b], diag: [upleft, a]}").controller.words
    base = load_controller("snes").words
    assert words["jump"] == base["b"] == words["b"]
    assert words["leap"] == Action(((C.RIGHT, 1), (C.A, 1)))
    assert words["diag"] == Action(((C.UP, 1), (C.LEFT, 1), (C.B, 1)))


def test_a_game_may_give_a_word_another_meaning_and_keep_the_old_one_elsewhere() -> None:
    words = joined("words: {up: lup, dup: up}", "xbox").controller.words
    assert words["up"].moves == ((C.LY, 1),)
    assert words["dup"].moves == ((C.UP, 1),)


def test_a_trigger_keeps_its_click_in_a_word_of_the_game() -> None:
    words = joined("words: {squirt: [l, a]}", "gamecube").controller.words
    assert words["squirt"] == Action(((C.LT, 1), (C.B, 1)), click=C.LS)


def test_forbidden_combinations_are_added_to_the_controller_s() -> None:
    game = joined("words: {jump: b}\nforbidden: [[jump, a, start]]")
    assert game.controller.forbidden == (
        *load_controller("snes").forbidden,
        frozenset((C.A, C.B, C.START)),
    )


def test_rules_hold_for_the_input_whatever_it_is_called() -> None:
    game = joined(
        "words: {bag: start}\nlocked: [select]\nlevels: {bag: vip, north: moderator}\n"
        "cooldowns: {bag: {user_s: 10, everybody_s: 0.5}, x: {user_s: 1}}\ngaps: {bag: 500}\n"
    )
    assert game.locked == {(C.BACK, 1)}
    assert game.levels == {(C.START, 1): Level.VIP, (C.UP, 1): Level.MODERATOR}
    assert game.cooldowns == {(C.START, 1): Cooldown(10_000, 500), (C.Y, 1): Cooldown(1000, 0)}
    assert game.controller.gaps == {(C.START, 1): 500}


def test_the_two_ways_of_a_stick_are_two_inputs() -> None:
    assert joined("locked: [lup]", "xbox").locked == {(C.LY, 1)}


def test_lines_stay_text() -> None:
    game = joined(
        'macros: {"mash(b, n)": "[<b>]*<n>", long: right3s}\npause: start\n'
        "idle: {line: a, after_s: 30}\nperiodic: {line: b, every_s: 60}\n"
        "triggers:\n  - {kind: reward, title: Big jump, line: b1s}\n  - {kind: cheer, least: 100, line: a}\n"
    )
    assert game.macros == {"mash": MacroText(("b", "n"), "[<b>]*<n>"), "long": MacroText((), "right3s")}
    assert (game.pause, game.idle, game.periodic) == ("start", Idle("a", 30), Idle("b", 60))
    assert game.triggers == (TriggerRule("reward", "Big jump", 1, "b1s"), TriggerRule("cheer", "", 100, "a"))


def test_a_game_has_its_own_lengths_and_limits() -> None:
    controller = joined(
        "defaults: {press_ms: 100, gap_ms: 20}\n"
        "limits: {shortest_ms: 50, press_ms: 1000, total_ms: 2000, frames: 8}\n"
    ).controller
    assert (controller.default_ms, controller.gap_ms, controller.shortest_ms) == (100, 20, 50)
    assert (controller.longest_press_ms, controller.longest_ms, controller.most_frames) == (1000, 2000, 8)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("words: {jump: bb}", '2:15: words.jump: "bb" is no word of the controller snes'),
        ("words: {hop: jump, jump: b}", '2:14: words.hop: "jump" is no word of the controller snes'),
        ("words: {no: [up, down]}", "2:13: words.no: no pad goes two opposite ways at once"),
        ("words: {no: [upleft, up]}", "2:13: words.no: one control twice"),
        ("words: {no: [a, b, x, y], nono: [upleft, a, b, x]}", "2:33: words.nono: more than 4 at once"),
        ("forbidden: [[a, strat]]", '2:17: forbidden[0][1]: "strat" is no word of the controller snes'),
        ("words: {jump: a}\nforbidden: [[a, jump]]", "3:13: forbidden[0]: these are the same control"),
        ("locked: [turbo]", '2:10: locked[0]: "turbo" is no word of the controller snes'),
        ("locked: [upleft]", '2:10: locked[0]: "upleft" presses several at once; name each of them'),
        ("levels: {up: vip, north: vip}", '2:26: levels.north: the same input as "up", which'),
        ("limits: {press_ms: 100}", "2:20: limits.press_ms: a usual press (200 ms) is longer than"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_controller_is_named_with_its_place(text: str, answer: str) -> None:
    (said,) = mistakes(text)
    assert said.startswith(answer)


def test_a_word_of_the_game_does_not_press_what_its_page_forbids() -> None:
    assert mistakes("words: {reset: [a, b, start]}\nforbidden: [[a, b]]") == [
        "2:16: words.reset: presses what may not be pressed together (`forbidden`)"
    ]


def test_a_word_of_the_controller_that_presses_what_is_forbidden_is_left_out() -> None:
    words = joined("forbidden: [[up, left]]").controller.words
    assert "upleft" not in words
    assert "nw" not in words
    assert "upright" in words


@pytest.mark.parametrize(
    ("text", "controller", "answers"),
    [
        ("words: {a2: b}", "snes", ['"a2" is also how chat repeats "a"']),
        ("words: {l: cross}", "ps1", ['"l1" is also how chat repeats "l"']),
        ("words: {hop: b, hop2: a}", "snes", ['"hop2" is also how chat repeats "hop"']),
    ],
)
def test_no_word_of_the_game_is_or_has_what_chat_reads_as_a_repeat(
    text: str, controller: str, answers: list[str]
) -> None:
    found = mistakes(text, controller)
    assert [answer.split(": ")[2].partition(";")[0] for answer in found] == answers
    assert all(": words." in answer for answer in found)


def test_a_word_of_the_game_may_end_in_a_digit() -> None:
    words = joined("words: {move4: l1, hop: [cross, r2]}", "ps1").controller.words
    assert words["move4"] == words["l1"]


def test_two_clicks_are_too_many_for_one_word() -> None:
    (said,) = mistakes("words: {no: [l, r]}", "gamecube")
    assert said.endswith("these have two clicks; one word has one at most")


def test_all_that_does_not_fit_is_said_at_once() -> None:
    assert len(mistakes("words: {jump: bb}\nlocked: [turbo]\nlevels: {jump: vip}\n")) == 3
