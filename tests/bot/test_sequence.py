from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import Language
from bot.language.errors import MisreadError
from bot.language.lines import Line, split
from bot.language.together import settled
from bot.sequence import Step, schedule
from config.codes import Control
from config.controllers import Action, Controller, load_controller

XBOX = load_controller("xbox")


def steps(text: str, controller: Controller = XBOX, press_ms: int = 200) -> tuple[Step, ...]:
    line = Line(Language(controller, pads=3))
    for word in split(text):
        line.take(word)
    return schedule(settled(line.finish(), controller), controller, press_ms)


def played(line: str) -> list[tuple[int, str, float]]:
    return [(step.at_ms, step.control.value, step.value) for step in steps(line)]


def test_a_press_is_released_when_its_time_is_over() -> None:
    assert played("a500ms") == [(0, "A", 1), (500, "A", 0)]


def test_the_next_input_begins_the_moment_the_last_one_ends() -> None:
    assert played("a500ms b") == [(0, "A", 1), (500, "A", 0), (500, "B", 1), (700, "B", 0)]


def test_release_comes_before_press_in_the_same_millisecond() -> None:
    for _, moment in groupby(steps("a b+x y a+b"), key=lambda step: step.at_ms):
        values = [step.value != 0 for step in moment]
        assert values == sorted(values)


def test_letting_go_comes_first_however_it_is_written() -> None:
    assert steps("_right . left+-right") == steps("_right . -right+left")
    assert played("_right . left+-right")[1:3] == [(200, "RIGHT", 0), (200, "LEFT", 1)]


def test_the_same_input_twice_is_let_go_for_three_frames() -> None:
    assert played("a a") == [(0, "A", 1), (200, "A", 0), (250, "A", 1), (450, "A", 0)]


def test_the_gap_counts_from_the_release_of_that_input() -> None:
    assert played("a+b500ms a") == [
        (0, "A", 1),
        (0, "B", 1),
        (200, "A", 0),
        (500, "B", 0),
        (500, "A", 1),
        (700, "A", 0),
    ]


def test_a_whole_chord_waits_for_the_gap_of_one_of_its_inputs() -> None:
    assert [step.at_ms for step in steps("a a+b")] == [0, 200, 250, 250, 450, 450]


def test_a_stick_turns_round_without_a_gap() -> None:
    assert played("lup ldown") == [(0, "LY", 1), (200, "LY", 0), (200, "LY", -1), (400, "LY", 0)]
    assert [step.at_ms for step in steps("lup50% lup")] == [0, 200, 250, 450]


def test_a_chord_ends_with_its_longest_press() -> None:
    assert [step.at_ms for step in steps("a+right1s b")] == [0, 0, 200, 1000, 1000, 1200]


def test_steps_name_their_pad() -> None:
    assert [(step.at_ms, step.pad) for step in steps("&3a &2b")] == [(0, 3), (200, 3), (200, 2), (400, 2)]


def test_gaps_are_per_pad() -> None:
    assert [step.at_ms for step in steps("a &2a a")] == [0, 200, 200, 400, 400, 600]


def test_a_move_may_ask_for_a_longer_gap() -> None:
    slow_start = replace(XBOX, gaps={(Control.START, 1): 400, (Control.LY, -1): 300})
    assert [step.at_ms for step in steps("start start", slow_start)] == [0, 200, 600, 800]
    assert [step.at_ms for step in steps("a a", slow_start)] == [0, 200, 250, 450]
    assert [step.at_ms for step in steps("ldown lup lup ldown", slow_start)] == [
        0,
        200,
        200,
        400,
        450,
        650,
        650,
        850,
    ]


def test_a_gap_is_owed_to_every_way_of_a_diagonal() -> None:
    diagonal = Action(((Control.UP, 1), (Control.LEFT, 1)))
    eight_way = replace(XBOX, words={**XBOX.words, "upleft": diagonal})
    assert [step.at_ms for step in steps("up upleft", eight_way)] == [0, 200, 250, 250, 450, 450]


def test_a_trigger_s_click_comes_and_goes_with_it() -> None:
    clicking = Action(((Control.RT, 1),), click=Control.RS)
    pad = replace(XBOX, words={**XBOX.words, "r": clicking})
    assert [(step.control, step.value) for step in steps("r", pad)] == [
        ("RT", 1),
        ("RS", 1),
        ("RT", 0),
        ("RS", 0),
    ]
    assert [(step.control, step.value) for step in steps("r98.9%", pad)] == [("RT", 0.989), ("RT", 0)]


def test_a_hold_lasts_until_it_is_let_go_of() -> None:
    assert played("_b right2s -b a") == [
        (0, "B", 1),
        (0, "RIGHT", 1),
        (2000, "RIGHT", 0),
        (2000, "B", 0),
        (2000, "A", 1),
        (2200, "A", 0),
    ]


def test_a_hold_lasts_until_the_line_ends() -> None:
    assert played("_b a #1s")[-1] == (1200, "B", 0)


def test_a_hold_with_a_duration_makes_the_line_wait() -> None:
    assert played("_b1s a") == [(0, "B", 1), (1000, "A", 1), (1200, "A", 0), (1200, "B", 0)]
    assert played("_b1s+right500ms a")[-3:] == [(1000, "A", 1), (1200, "A", 0), (1200, "B", 0)]


def test_letting_go_can_make_the_line_wait_too() -> None:
    assert played("_b a -b600ms x")[-3:] == [(200, "B", 0), (800, "X", 1), (1000, "X", 0)]


def test_what_was_held_owes_a_gap_as_well() -> None:
    assert [step.at_ms for step in steps("_b a -b b")] == [0, 0, 200, 200, 250, 450]


def test_waits_take_time_and_stretch_chords() -> None:
    assert played("#300ms a") == [(300, "A", 1), (500, "A", 0)]
    assert [step.at_ms for step in steps("a+#1s b")] == [0, 200, 1000, 1200]
    assert [step.at_ms for step in steps("a . b")] == [0, 200, 400, 600]


def test_only_what_names_no_duration_follows_the_pace() -> None:
    assert [step.at_ms for step in steps("a . b500ms", press_ms=100)] == [0, 100, 200, 700]


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("a5s b5s x", "a line lasts at most 10s"),
        ("a5s b5s #1ms", "a line lasts at most 10s"),
        ("#6s _a #6s", "a line lasts at most 10s"),
        ("a " * 33, "a line has at most 32 presses"),
        ("[_a . -a]*33", "a line has at most 32 presses"),
    ],
)
def test_a_line_over_a_limit_is_refused_naming_the_limit(line: str, limit: str) -> None:
    with pytest.raises(MisreadError, match=limit):
        steps(line)


def test_a_line_may_fill_its_limits_to_the_brim() -> None:
    assert steps("a5s b5s")[-1].at_ms == 10_000
    assert len(steps("a b " * 16)) == 64


words = st.sampled_from(
    [
        "a",
        "b30ms",
        "a+b1s",
        "lup",
        "ldown50%",
        "rt30%500ms+a",
        "up",
        "down+a100ms",
        "_y",
        "-y",
        "_&2lt+a",
        "-&2lt",
        ".",
        "&2b",
    ]
)


@given(st.lists(words, min_size=1, max_size=12))
def test_every_press_has_its_release_later_and_nothing_stays_down(line: list[str]) -> None:
    try:
        result = steps(" ".join(line))
    except MisreadError:
        return
    held: dict[tuple[int, Control], int] = {}
    for step in result:
        if step.value:
            assert (step.pad, step.control) not in held
            held[step.pad, step.control] = step.at_ms
        else:
            assert step.at_ms > held.pop((step.pad, step.control))
    assert not held
