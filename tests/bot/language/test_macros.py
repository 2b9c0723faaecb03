from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import Language, Macro, Parsed, Refused, Talk, parse
from bot.language import macros
from bot.language.macros import check_macro
from config.controllers import load_controller

XBOX = load_controller("xbox")


@pytest.mark.parametrize(
    ("parameters", "body"),
    [
        ((), "_b right2s"),
        (("b", "n"), "[<b>34ms #34ms]*<n>"),
        (("b", "n"), "[<0>34ms #34ms]*<1>"),
        (("b",), "a+<b>"),
        (("x", "y"), "<x>+<y>"),
        (("d",), "_b right<d>"),
        (("t",), "a #<t> b"),
        (("s",), "<s>70%"),
        (("n",), "&<n>a lt<n>%"),
        (("n",), "p<n>:a"),
        (("b", "d"), "<b><d>"),
        (("b",), "#mash(<b>,3)"),
        (("a", "b", "c", "d", "e", "f", "g", "h"), "<a> <b> <c> <d> <e> <f> <g> <h>"),
    ],
)
def test_a_macro_that_can_be_an_input_is_fine(
    parameters: tuple[str, ...], body: str, language: Language
) -> None:
    assert check_macro(Macro("mine", parameters, body), language) is None


@pytest.mark.parametrize(
    ("macro", "why"),
    [
        (Macro("Mine", (), "a"), "a macro's name is 1 to 16 letters"),
        (Macro("m" * 17, (), "a"), "a macro's name is 1 to 16 letters"),
        (Macro("mine", ("n1",), "a"), "a parameter's name is 1 to 16 letters"),
        (Macro("mine", ("b", "b"), "a"), "each parameter has a name of its own"),
        (Macro("mine", tuple("abcdefghi"), "a"), "a macro has at most 8 parameters"),
        (Macro("mine", (), "a " * 201), "a macro has at most 400 characters"),
        (Macro("mine", (), "rigt"), '#mine would be no input: unknown input "rigt"; did you mean right?'),
        (Macro("mine", (), "#1s"), "#mine would be no input: it presses nothing"),
        (Macro("mine", (), ""), "#mine would be no input: it presses nothing"),
        (Macro("mine", (), "#mine"), "#mine would be no input: macros call one another at most 4 deep"),
        (Macro("mine", ("b",), "<c>"), "#mine(a) would be no input: <c> is none of its parameters"),
        (Macro("mine", ("b",), "<b> lol"), '#mine(a) would be no input: unknown input "lol"'),
        (Macro("mine", (), "a*40"), "#mine would be no input: a line has at most 32 presses"),
        (Macro("mine", (), "#other"), '#mine would be no input: there is no macro "#other"'),
    ],
)
def test_a_macro_that_can_be_none_is_refused_with_the_reason(
    macro: Macro, why: str, language: Language
) -> None:
    assert check_macro(macro, language) == why


def test_a_new_body_is_checked_in_the_old_one_s_place(language: Language) -> None:
    assert check_macro(Macro("mash", ("b",), "<b>*3"), language) is None


def test_first_word_mode_makes_no_macro_wrong() -> None:
    assert check_macro(Macro("mine", (), "a b"), Language(XBOX, first_word=True)) is None


def test_no_definition_is_tried_more_often_than_its_bound(
    language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def counted(text: str, language: Language) -> Talk:
        tried.append(text)
        return Talk()

    monkeypatch.setattr(macros, "parse", counted)
    names = tuple("abcdefgh")
    assert check_macro(Macro("mine", names, " ".join(f"<{name}>" for name in names)), language)
    assert len(tried) == macros._MOST_TRIALS


names = st.sampled_from(["f", "g", "h"])
parameters = st.sampled_from([(), ("x",), ("x", "n")])
pieces = st.sampled_from(
    [
        "a",
        "b1s",
        "_x",
        "-x",
        "#f",
        "#g",
        "#h",
        "#f(a)",
        "#g(<x>,3)",
        "[",
        "]*9",
        "<x>",
        "<n>",
        "*<n>",
        ".",
        "+",
        "a*40",
    ]
)
bodies = st.lists(pieces, max_size=12).map(" ".join)
sets = st.dictionaries(names, st.tuples(parameters, bodies), max_size=3)


@given(sets, st.lists(pieces, max_size=8).map(" ".join))
def test_any_set_of_macros_stays_within_the_budget(
    bodies: Mapping[str, tuple[tuple[str, ...], str]], text: str
) -> None:
    defined = {name: Macro(name, *definition) for name, definition in bodies.items()}
    language = Language(XBOX, defined)
    result = parse(text, language)
    if isinstance(result, Parsed):
        assert len(result.steps) <= XBOX.most_frames
        assert result.duration_ms <= XBOX.longest_ms
        assert parse(result.text, language) == result
    elif isinstance(result, Refused):
        assert 1 <= result.at <= len(text) + 1
    for macro in defined.values():
        check_macro(macro, language)
