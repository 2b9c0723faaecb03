from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from config.codes import Control
from config.kinds import Kind
from config.words import MacroHead, Targets, Word, Words, clash, head_of, no_repeat, repeats, stem

C = Control
KINDS: tuple[Kind, ...] = (Word(), Words(), Targets(), MacroHead())


def refusal(kind: Kind, value: object) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        kind.read(value, None)
    message = caught.value.message()
    assert message.startswith(f"wanted {kind.wanted}")
    return message


@pytest.mark.parametrize("word", ["a", "jump", "x" * 16, "no", "y", "t", "l1", "x" * 15 + "0"])
def test_a_word_is_letters_and_at_most_one_digit(word: str) -> None:
    assert Word().read(word, None) == word


@pytest.mark.parametrize(
    "word", ["", "x" * 17, "x" * 16 + "1", "A", "1", "l12", "l1a", "l²", "a b", "ä", "a\n", None, 1, ["a"]]
)
def test_what_is_no_word_is_refused(word: object) -> None:
    refusal(Word(), word)


@pytest.mark.parametrize("word", ["s", "ms", "anarchy", "democracy", "s1", "ms5"])
def test_a_word_that_chat_means_otherwise_is_refused(word: str) -> None:
    assert "means something else" in refusal(Word(), word)


@pytest.mark.parametrize(
    ("value", "moves"),
    [
        ("A", ((C.A, 1),)),
        ("LT", ((C.LT, 1),)),
        ("LY+", ((C.LY, 1),)),
        ("RX-", ((C.RX, -1),)),
        (["UP", "LEFT"], ((C.UP, 1), (C.LEFT, 1))),
        (["LY-", "LX+", "A"], ((C.LY, -1), (C.LX, 1), (C.A, 1))),
    ],
)
def test_a_word_moves_one_control_or_several_together(value: object, moves: object) -> None:
    assert Targets().read(value, None) == moves


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("TURBO", "wanted one of A, B, X"), ("a", "wanted one of"), ("", "wanted one of"),
        (None, "wanted one of"), ([["A"]], "wanted one of"),
        ("LX", "a stick's axis needs + or - after it: LX+ or LX-"), ("A+", "only a stick's axis takes"),
        ("LT-", "only a stick's axis takes"), ("LX+-", "only a stick's axis takes"), ([], "a list of 1 to 4"),
        (["A", "B", "X", "Y", "LB"], "a list of 1 to 4"), (["A", "A"], "one control twice"),
        (["LX+", "LX-"], "one control twice"), (["UP", "DOWN"], "two opposite ways"),
    ],
)  # fmt: skip
def test_what_no_pad_has_is_refused(value: object, why: str) -> None:
    assert why in refusal(Targets(), value)


def test_moves_clash_where_one_pad_cannot_make_them_all() -> None:
    assert clash(((C.A, 1), (C.B, 1))) is None
    assert clash(((C.LEFT, 1), (C.RIGHT, 1))) == "no pad goes two opposite ways at once"
    assert clash(tuple((control, 1) for control in (C.A, C.B, C.X, C.Y, C.LB))) == "more than 4 at once"


def test_a_word_of_a_game_is_one_word_or_a_few() -> None:
    assert Words().read("b", None) == ("b",)
    assert Words().read(["right", "y", "b"], None) == ("right", "y", "b")
    assert Words().read("l1", None) == ("l1",)
    assert "one digit at the end" in refusal(Words(), ["right", "a500ms"])
    assert "a list of 1 to 4" in refusal(Words(), list("abcde"))


def test_no_word_with_a_digit_is_a_repeat_of_another() -> None:
    assert list(repeats(["l1", "r1", "a", "lb"])) == []
    assert list(repeats(["a2", "a", "l1", "l"])) == [("a2", "a"), ("l1", "l")]
    assert no_repeat("a2", "a") == '"a2" is also how chat repeats "a"; one of the two needs other letters'
    assert (stem("l1"), stem("left")) == ("l", "left")


@pytest.mark.parametrize(
    ("text", "name", "parameters"),
    [("long", "long", ()), ("mash(b,n)", "mash", ("b", "n")), ("mash(b, n)", "mash", ("b", "n"))],
)
def test_the_head_of_a_macro_is_its_name_and_its_parameters(
    text: str, name: str, parameters: tuple[str, ...]
) -> None:
    assert MacroHead().read(text, None) == text
    assert head_of(text) == (name, parameters)


@pytest.mark.parametrize(
    "text", ["", "#mash", "mash()", "mash(b", "mash(b,)", "m4sh", "mash(a,b,c,d,e,f,g,h,i)", "m a", 3]
)
def test_what_is_no_head_of_a_macro_is_refused(text: object) -> None:
    refusal(MacroHead(), text)


def test_two_parameters_of_one_name_are_refused() -> None:
    assert "each parameter once" in refusal(MacroHead(), "mash(b,b)")


def test_editors_are_told_the_same_about_words() -> None:
    pattern = Word().json_schema()["pattern"]
    words = ("a", "ms", "msa", "s", "sa", "s1", "l1", "l12", "1", "")
    assert [word for word in words if re.search(pattern, word)] == ["a", "msa", "sa", "l1"]
    assert re.search(MacroHead().json_schema()["pattern"], "mash(b,n)")


@given(
    st.sampled_from(KINDS),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=20), st.sampled_from(list(Control))),
        lambda inner: st.lists(inner, max_size=6),
        max_leaves=8,
    ),
)
def test_any_value_is_read_or_refused_with_what_is_wanted(kind: Kind, value: object) -> None:
    try:
        kind.read(value, None)
    except PydanticCustomError as error:
        message = error.message()
    else:
        return
    assert message.startswith(f"wanted {kind.wanted}")
