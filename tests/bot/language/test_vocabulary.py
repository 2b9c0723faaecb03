from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.vocabulary import Vocabulary, nearest, vocabulary_of
from config.codes import Control
from config.controllers import Action, Controller, load_controller

ACTION = Action(((Control.A, 1),))


def vocabulary(*names: str) -> Vocabulary:
    return Vocabulary(dict.fromkeys(names, ACTION))


def test_a_name_in_a_row_is_that_name_two_to_nine_times() -> None:
    runs = vocabulary("a", "up").runs
    assert runs["aaa"] == ("a", 3)
    assert runs["upup"] == ("up", 2)
    assert runs["a" * 9] == ("a", 9)
    assert "a" not in runs
    assert "a" * 10 not in runs


def test_what_can_be_read_in_two_ways_is_no_row() -> None:
    runs = vocabulary("l", "ll", "r", "lr").runs
    assert "ll" not in runs  # a name itself
    assert "lllll" not in runs  # l l l l l, or ll ll l
    assert "lrlr" not in runs  # lr lr, or l r l r
    assert runs["rr"] == ("r", 2)


def test_a_name_may_have_one_digit_and_takes_it_first() -> None:
    pad = vocabulary("l1", "l2", "left", "move4")
    assert pad.numbered == {"l1", "l2", "move4"}
    assert [pad.name_at(text, 0) for text in ("l1", "l1500ms", "l12", "move4+l1", "left2")] == [
        "l1", "l1", "l1", "move4", "left",
    ]  # fmt: skip
    assert [pad.name_at(text, 0) for text in ("l", "l3", "move", "1", "", "+l1")] == [""] * 6
    assert pad.name_at("left2l1", 5) == "l1"
    assert pad.row_at("l1l1", 0) == ("l1", 2)
    assert pad.row_at("l1l2", 0) is None
    assert pad.row_at("a+l2l2", 2) == ("l2", 2)


@pytest.mark.parametrize("text", ["l1", "l1500ms", "_l1", "&2r2", "[l1 r1]*2", "l1l1", "l12", "l3", "mvoe4"])
def test_names_with_a_digit_pass_the_first_look(text: str) -> None:
    assert vocabulary_of(load_controller("ps2")).may_begin(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a lol",
        "aaa",
        "_a",
        "-a",
        "&2a",
        "p2:a",
        "_&2a",
        "&2_a",
        "[a b]*2",
        "[ [ a ] ]",
        "#1s a",
        ". a",
        "rigt500ms",
    ],
)
def test_what_may_be_an_input_passes_the_first_look(text: str, xbox: Controller) -> None:
    assert vocabulary_of(xbox).may_begin(text)


@pytest.mark.parametrize(
    "text", ["", "hello a", "lol", "_", "- yes", "&", ":)", "-1", "?", "[lol]", "ab", "é"]
)
def test_what_can_only_be_talk_does_not(text: str, xbox: Controller) -> None:
    assert not vocabulary_of(xbox).may_begin(text)


def test_a_controller_s_vocabulary_is_made_once(xbox: Controller) -> None:
    assert vocabulary_of(xbox) is vocabulary_of(xbox)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rigt", "right"),  # left out
        ("rightt", "right"),  # added
        ("rogth", ""),  # two slips
        ("dwon", "down"),  # swapped
        ("dowm", "down"),  # mistaken
        ("strat", "start"),
        ("lol", ""),
        ("q", ""),  # too short to be nearly anything
        ("ab", ""),
    ],
)
def test_one_slip_of_a_finger_is_forgiven(typed: str, meant: str, xbox: Controller) -> None:
    assert nearest(typed, [name for name in xbox.words if name != "x"]) == meant


words = st.text("abc", min_size=1, max_size=6)


def distance(one: str, two: str) -> int:
    """By the book, all rows of it: with neighbours swapped as one slip."""
    rows = [[i + j if i * j == 0 else 0 for j in range(len(two) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(two) + 1):
            rows[i][j] = min(
                rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != two[j - 1])
            )
            if i > 1 and j > 1 and one[i - 2 : i] == two[j - 2 : j][::-1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(words.filter(lambda word: len(word) > 2), words.filter(lambda word: len(word) > 1))
def test_nearly_right_is_a_distance_of_one(typed: str, name: str) -> None:
    assert (nearest(typed, [name]) == name) == (distance(typed, name) == 1)
