from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import arguments
from bot.commands.arguments import MacroText
from bot.commands.request import MisuseError

WORDS = ("a", "b", "start")


@pytest.mark.parametrize("typed", ["kim", "@kim", "@테스트계정"])
def test_a_person_is_named_with_or_without_the_sign(typed: str) -> None:
    assert arguments.person(typed) == typed.removeprefix("@")


@pytest.mark.parametrize("typed", ["@", "k" * 26])
def test_what_is_nobodys_name_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(MisuseError, match="nobody's name"):
        arguments.person(typed)


@pytest.mark.parametrize(("words", "lasts_ms"), [([], None), (["30s"], 30_000), (["2h"], 7_200_000)])
def test_a_time_is_one_word_and_none_is_for_good(words: list[str], lasts_ms: int | None) -> None:
    assert arguments.lasting(words) == lasts_ms


@pytest.mark.parametrize("words", [["soon"], ["0s"], ["99999d"], ["5", "minutes"]])
def test_what_is_no_time_is_answered_with_times(words: list[str]) -> None:
    with pytest.raises(MisuseError, match="is no time; 30s, 10m, 2h and 7d are"):
        arguments.lasting(words)


def test_controls_are_words_of_the_controller_each_once() -> None:
    assert arguments.controls(["start", "a", "start"], WORDS) == ("start", "a")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("strat", '"strat" is no control; did you mean start?'), ("jump", '"jump" is no control.')],
)
def test_a_word_that_is_no_control_is_told_with_the_nearest(word: str, sentence: str) -> None:
    with pytest.raises(MisuseError) as error:
        arguments.controls(["a", word], WORDS)
    assert str(error.value) == sentence


def test_there_are_not_more_words_than_on_a_controller() -> None:
    with pytest.raises(MisuseError, match="more than 32"):
        arguments.controls(["a"] * 33, WORDS)


def test_a_choice_is_one_of_those_there_are() -> None:
    assert arguments.choice(["tower"], ("island", "tower"), "game") == "tower"
    for words in ([], ["sea"], ["island", "tower"]):
        with pytest.raises(MisuseError, match="The game is one of: island, tower"):
            arguments.choice(words, ("island", "tower"), "game")
    with pytest.raises(MisuseError, match="There is no game"):
        arguments.choice(["sea"], (), "game")


@pytest.mark.parametrize(
    ("typed", "macro"),
    [
        (
            "mash(b,n) [<b>34ms #34ms]*<n>",
            MacroText("mash", ("b", "n"), "[<b>34ms #34ms]*<n>"),
        ),
        ("#mash( b, n ) <b>*<n>", MacroText("mash", ("b", "n"), "<b>*<n>")),
        ("hop a", MacroText("hop", (), "a")),
        ("hop() a b", MacroText("hop", (), "a b")),
    ],
)
def test_a_macro_is_a_name_its_parameters_and_a_body(typed: str, macro: MacroText) -> None:
    assert arguments.macro(typed) == macro


@pytest.mark.parametrize("typed", ["", "hop", "2hop a", "hop(a", "hop(a)b c", "h" * 17 + " a"])
def test_what_is_no_macro_is_not_taken_for_one(typed: str) -> None:
    with pytest.raises(MisuseError, match=r"^$"):
        arguments.macro(typed)


def test_names_of_parameters_are_for_the_grammar_to_judge() -> None:
    assert arguments.macro("hop(a b,,a) a").parameters == ("a b", "", "a")


def test_a_macros_name_stands_alone() -> None:
    assert arguments.macro_name(["#mash"]) == "mash"
    for words in ([], ["a", "b"], ["#"], ["ma(sh"], ["m" * 17]):
        with pytest.raises(MisuseError):
            arguments.macro_name(words)


def test_of_somebodys_text_little_is_repeated() -> None:
    assert arguments.quoted("left") == '"left"'
    assert arguments.quoted("x" * 500) == f'"{"x" * 24}…"'


READERS: list[Callable[[str], object]] = [
    arguments.person,
    lambda text: arguments.lasting(text.split()),
    lambda text: arguments.controls(text.split(), WORDS),
    lambda text: arguments.choice(text.split(), WORDS, "word"),
    arguments.macro,
    lambda text: arguments.macro_name(text.split()),
]


@given(
    st.text(max_size=500) | st.from_regex(r"#?[a-z]{1,3}\([a-z, ]{0,9}\) ?[a-z]?"), st.sampled_from(READERS)
)
def test_any_text_is_read_or_misused(text: str, read: Callable[[str], object]) -> None:
    try:
        read(text)
    except MisuseError as error:
        why = str(error)
    else:
        why = ""
    assert len(why) < 200
