from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lexer import MisreadError, read_chord
from bot.sequence import Step, schedule
from config.codes import Control
from config.controllers import load_controller

XBOX = load_controller("xbox")


def steps(line: str) -> tuple[Step, ...]:
    return schedule([read_chord(word, 0, XBOX) for word in line.split()], XBOX)


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
    chord = tuple(press._replace(pad=3) for press in read_chord("a+b", 0, XBOX))
    assert {step.pad for step in schedule([chord], XBOX)} == {3}


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("a5s b5s x", "a line lasts at most 10s"),
        ("a " * 33, "a line has at most 32 presses"),
    ],
)
def test_a_line_over_a_limit_is_refused_naming_the_limit(line: str, limit: str) -> None:
    with pytest.raises(MisreadError, match=limit):
        steps(line)


def test_a_line_may_fill_its_limits_to_the_brim() -> None:
    assert steps("a5s b5s")[-1].at_ms == 10_000
    assert len(steps("a b " * 16)) == 64


words = st.sampled_from(["a", "b30ms", "a+b1s", "lup", "ldown50%", "rt30%500ms+a", "up", "down+a100ms"])


@given(st.lists(words, min_size=1, max_size=12))
def test_every_press_has_its_release_later_and_nothing_stays_down(line: list[str]) -> None:
    try:
        result = steps(" ".join(line))
    except MisreadError:
        return
    held: dict[Control, int] = {}
    for step in result:
        if step.value:
            assert step.control not in held
            held[step.control] = step.at_ms
        else:
            assert step.at_ms > held.pop(step.control)
    assert not held
