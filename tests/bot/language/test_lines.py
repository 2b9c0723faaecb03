from __future__ import annotations

import pytest

from bot.grammar import Language, Macro
from bot.language.errors import MisreadError
from bot.language.lines import MOST_NESTED, MOST_PARTS, Line, Word, split

MACROS = {
    "mash": Macro("mash", ("b", "n"), "[<b> .]*<n>"),
    "twice": Macro("twice", ("b",), "#mash(<b>,2)"),
    "loop": Macro("loop", (), "a #loop"),
    "wrong": Macro("wrong", (), "a b500q"),
    "open": Macro("open", (), "[a"),
    "bomb": Macro("bomb", (), "#fuse " * 50),
    "fuse": Macro("fuse", (), "b"),
    "many": Macro("many", (), "#pair " * 16),
    "pair": Macro("pair", (), "#fuse #fuse"),
}


def read(text: str, language: Language) -> str:
    line = Line(Language(language.controller, MACROS, pads=2))
    for word in split(text):
        line.take(word)
    return " ".join("+".join(part.word or "." for part in chord) for chord in line.finish())


def misread(text: str, language: Language) -> tuple[int, str]:
    with pytest.raises(MisreadError) as caught:
        read(text, language)
    return caught.value.at, caught.value.error


def test_a_line_is_split_at_blanks_and_brackets_are_taken_off() -> None:
    assert list(split("a [b [x]*2 y]*3 #mash(a, 20)*2")) == [
        Word(0, 0, "a", ""),
        Word(2, 1, "b", ""),
        Word(5, 1, "x", "]*2"),
        Word(11, 0, "y", "]*3"),
        Word(16, 0, "#mash(a, 20)*2", ""),
    ]
    assert [word.text for word in split("[[a]*2 ] #x(a")] == ["[[a]*2", "]", "#x(a"]


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("a b+x", "a b+x"),
        ("[a b]", "a b"),
        ("[a .]*3", "a . a . a ."),
        ("[ a b ]*2", "a b a b"),
        ("[[a]*2 b]*2 x", "a a b a a b x"),
        ("[a*2 b2]*2", "a a b b a a b b"),
        ("#mash(a,2)", "a . a ."),
        ("#mash(a, 2) b", "a . a . b"),
        ("#mash(a,2)*2", "a . a . a . a ."),
        ("[#mash(a,2) b]*2", "a . a . b a . a . b"),
        ("#mash([a b],2)", "a b . a b ."),
        ("#twice(x)", "x . x ."),
        ("[]", ""),
    ],
)
def test_groups_and_macros_come_out_flat(text: str, chords: str, language: Language) -> None:
    assert read(text, language) == chords


@pytest.mark.parametrize(
    ("text", "at", "error"),
    [
        ("[a b", 0, "this [ has no ]"),
        ("[a [b]*2", 0, "this [ has no ]"),
        ("a]*2", 1, "this ] has no ["),
        ("[a]*1", 3, "a repeat is *2 to *99"),
        ("[a]*100", 3, "a repeat is *2 to *99"),
        ("[a]b", 3, 'a blank is missing before "b"'),
        ("[a]*2b", 5, 'a blank is missing before "b"'),
        ("[[[[[a]]]]]", 4, f"groups nest at most {MOST_NESTED} deep"),
        ("b #wrong", 2, 'in #wrong: unknown unit "q"; use ms or s'),
        ("b #open", 2, "in #open: this [ has no ]"),
        ("b #loop", 2, "in #loop: macros call one another at most 4 deep"),
        ("b #mash(q,2)", 2, 'in #mash: unknown input "q"'),
        ("b #mash(a,2)b", 12, 'a blank is missing before "b"'),
        ("b #fuse+a", 7, 'a blank is missing before "+a"'),
        ("b #mash(a,2)*200", 12, "a repeat is *2 to *99"),
        ("b #many", 2, "in #many: a line calls at most 32 macros, nested ones included"),
        ("b #bomb", 2, "in #bomb: a line calls at most 32 macros, nested ones included"),
    ],
)
def test_a_mistake_names_its_place(text: str, at: int, error: str, language: Language) -> None:
    assert misread(text, language) == (at, error)


def test_groups_nest_up_to_a_limit(language: Language) -> None:
    assert read("[" * MOST_NESTED + "a" + "]" * MOST_NESTED, language) == "a"


@pytest.mark.parametrize(
    "text",
    [
        "[[[#1ms]*99]*99]*99",
        "[#1ms]*99 [#1ms]*99 [#1ms]*99",
        "#mash(a,99)*2",
        "[#mash(a,99)]*2",
        "a*99 a*99 a*99",
    ],
)
def test_repeats_are_refused_before_they_are_made(text: str, language: Language) -> None:
    assert misread(text, language)[1] == "a line has at most 256 inputs and waits, repeats included"


def test_whatever_is_nested_never_holds_more_than_its_bound(language: Language) -> None:
    line = Line(language)
    for word in split("[[[[a]*99]*99 b]*99 b2]*99 " * 20):
        try:
            line.take(word)
        except MisreadError:
            pass  # the line goes on being read, to tell talk from mistakes
        assert all(len(group.chords) <= MOST_PARTS for group in line._groups)


def test_only_repeats_and_measured_words_count_as_measured(language: Language) -> None:
    taken = {
        text: [Line(language).take(word) for word in split(text)] for text in ("a", "[a]", "[a]*2", "a1s")
    }
    assert taken == {"a": [False], "[a]": [False], "[a]*2": [True], "a1s": [True]}
