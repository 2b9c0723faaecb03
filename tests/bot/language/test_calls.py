from __future__ import annotations

import pytest

from bot.grammar import Macro
from bot.language.calls import MOST_CALLS, MOST_TEXT, Budget, Call, expanded, find_call, shape
from bot.language.errors import MisreadError

MACROS = {
    "mash": Macro("mash", ("b", "n"), "[<b>34ms #34ms]*<n>"),
    "first": Macro("first", ("b",), "<0>+<b>"),
    "run": Macro("run", (), "_B Right2s"),
    "wrong": Macro("wrong", ("b",), "<q>"),
}


def expand(word: str) -> str:
    call = find_call(word)
    assert call is not None
    return expanded(call, MACROS, 7)


@pytest.mark.parametrize(
    ("word", "call"),
    [
        ("#run", Call("run", (), False, 4)),
        ("#run()", Call("run", (), True, 6)),
        ("#mash(a,20)*2", Call("mash", ("a", "20"), True, 11)),
        ("#mash( a , 20 )", Call("mash", ("a", "20"), True, 15)),
    ],
)
def test_a_call_is_found_at_the_begin_of_a_word(word: str, call: Call) -> None:
    assert find_call(word) == call


@pytest.mark.parametrize("word", ["run", "#", "#1s", "#(a)", "a#run"])
def test_what_is_no_call_is_none(word: str) -> None:
    assert find_call(word) is None


@pytest.mark.parametrize(
    ("word", "body"),
    [
        ("#run", "_b right2s"),
        ("#mash(a,20)", "[a34ms #34ms]*20"),
        ("#first(x)", "x+x"),
        ("#first(<0>)", "<0>+<0>"),
    ],
)
def test_a_call_stands_for_the_body_with_its_arguments_filled_in_once(word: str, body: str) -> None:
    assert expand(word) == body


@pytest.mark.parametrize(
    ("word", "error", "meant"),
    [
        ("#hype", 'there is no macro "#hype"', False),
        ("#mahs(a,2)", 'there is no macro "#mahs"', True),
        ("#mash", 'write #mash(b,n), not "#mash"', False),
        ("#mash(a)", 'write #mash(b,n), not "#mash(a)"', True),
        ("#run(a)", 'write #run, not "#run(a)"', True),
        ("#wrong(a)", "<q> is none of its parameters", True),
    ],
)
def test_a_wrong_call_is_refused_where_it_stands(word: str, error: str, meant: bool) -> None:
    with pytest.raises(MisreadError) as caught:
        expand(word)
    assert (caught.value.at, caught.value.error, caught.value.meant) == (7, error, meant)


def test_a_line_s_budget_of_calls_and_text_runs_out() -> None:
    calls = Budget()
    for _ in range(MOST_CALLS):
        calls.spend("", 0)
    with pytest.raises(MisreadError, match=f"at most {MOST_CALLS} macros"):
        calls.spend("", 0)
    text = Budget()
    text.spend("x" * MOST_TEXT, 0)
    with pytest.raises(MisreadError, match=f"at most {MOST_TEXT} characters"):
        text.spend("x", 0)


def test_a_macro_is_shown_as_it_is_called() -> None:
    assert shape(MACROS["mash"]) == "#mash(b,n)"
    assert shape(MACROS["run"]) == "#run"
