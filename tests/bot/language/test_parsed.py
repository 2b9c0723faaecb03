from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Language, Parsed, Step, parse
from bot.language.errors import MisreadError
from bot.sequence import schedule
from config.codes import Control

Read = Callable[[str], Parsed]


def test_equal_meanings_are_equal_however_they_were_written(read: Read) -> None:
    for same in ("left left", "left*2", "left2", "leftleft", "[left]*2", "[left]*2 #1s", "left200ms left"):
        assert read(same) == read("left left")
        assert hash(read(same)) == hash(read("left left"))
    assert read("left") != read("left left")


def test_it_says_what_it_moves_how_long_and_on_which_pads(read: Read) -> None:
    line = read("ldown70% a+&2up1s")
    assert line.moves == {(Control.LY, -1), (Control.A, 1), (Control.UP, 1)}
    assert line.pads == {1, 2}
    assert line.duration_ms == 1200


def durations(line: Parsed) -> list[int]:
    return [step.at_ms for step in line.steps]


def test_another_pace_moves_only_what_named_no_duration(read: Read) -> None:
    line = read("a b500ms _x . -x")
    assert durations(line) == [0, 200, 200, 700, 700, 900]
    assert durations(line.at_pace(100)) == [0, 100, 100, 600, 600, 700]
    assert durations(line.at_pace(300)) == [0, 300, 300, 800, 800, 1100]


def test_what_is_paced_is_printed_with_its_times_and_can_be_paced_again(read: Read) -> None:
    fast = read("a b500ms . a+#1s").at_pace(100)
    assert fast.text == "a100ms b500ms #100ms a100ms+#1s"
    assert read(fast.text) == fast
    assert fast.at_pace(200) == read("a b500ms . a+#1s")


def test_a_pace_stays_within_the_limits_of_a_press(read: Read) -> None:
    assert durations(read("a").at_pace(1)) == [0, 34]
    assert durations(read("a").at_pace(60_000)) == [0, 5_000]


@pytest.mark.parametrize("line", ["a b x y", "a a a", "a5s b", "_b . -b a a4s", "[a .]*8"])
def test_a_pace_that_would_break_a_limit_is_the_nearest_that_does_not(line: str, read: Read) -> None:
    normal = read(line)
    slow = normal.at_pace(5_000)
    assert normal.duration_ms < slow.duration_ms <= 10_000
    assert len(slow.steps) == len(normal.steps)
    assert slow.at_pace(5_000) == slow
    assert slow.score is not None
    with pytest.raises(MisreadError, match="a line lasts at most 10s"):
        schedule(slow.score.chords, slow.score.controller, slow.score.press_ms + 1)


def test_all_of_a_line_can_be_moved_to_another_pad(read: Read) -> None:
    moved = read("_b right -b a+lup70%").on_pad(2)
    assert moved == read("_&2b &2right -&2b &2a+&2lup70%")
    assert moved.text == "_&2b &2right -&2b &2a+&2lup70%"
    assert moved.on_pad(1) == read("_b right -b a+lup70%")
    assert read("a").on_pad(1) is not None


def test_of_a_line_for_several_pads_only_what_its_first_was_to_do_is_moved(read: Read) -> None:
    assert read("up+&2down1s &2a b").on_pad(2) == read("&2up+#1s . &2b")
    assert read("_&2x a _&2y . -&2x b").on_pad(2) == read("&2a . &2b")


def test_a_line_on_another_pad_keeps_its_pace(read: Read) -> None:
    assert durations(read("a b").at_pace(100).on_pad(2)) == [0, 100, 100, 200]


def test_a_line_made_by_hand_has_no_other_pace_but_can_be_moved() -> None:
    made = Parsed((Step(0, Control.A, 1.0, 1), Step(200, Control.A, 0.0, 1)), "a")
    assert made.at_pace(100) == made
    assert made.on_pad(2).steps == (Step(0, Control.A, 1.0, 2), Step(200, Control.A, 0.0, 2))


def test_a_line_that_another_pad_makes_too_long_to_be_typed_can_still_be_read(language: Language) -> None:
    words = [f"{word}9{digit}.{digit}%0.{digit}34s" for word in ("rright", "lleft") for digit in range(1, 9)]
    result = parse(" ".join(words), language)
    assert isinstance(result, Parsed)
    moved = result.on_pad(2)
    assert parse(moved.text, language) == moved
