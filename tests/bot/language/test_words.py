from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import Language
from bot.language.chords import Kind, Part
from bot.language.errors import MisreadError
from bot.language.words import MOST_TOGETHER, read_times, read_word
from config.controllers import load_controller

XBOX = load_controller("xbox")
LANGUAGE = Language(XBOX, pads=2)
PS2 = Language(load_controller("ps2"), pads=2)
SIGNS = {Kind.PRESS: "", Kind.HOLD: "_", Kind.LET_GO: "-", Kind.WAIT: "#"}


def said(part: Part) -> str:
    """`_2:lup 0.7 1000`: kind and pad, name, how far, how long."""
    pad = "" if part.pad == 1 else f"{part.pad}:"
    amount = "" if part.amount == 1 else f" {part.amount:g}"
    duration = "" if part.duration_ms is None else f" {part.duration_ms}"
    return f"{SIGNS[part.kind]}{pad}{part.word}{amount}{duration}"


def read(word: str, language: Language = LANGUAGE) -> list[str]:
    return [" + ".join(map(said, chord)) for chord in read_word(word, 0, language).chords]


def misread(word: str, language: Language = LANGUAGE) -> MisreadError:
    with pytest.raises(MisreadError) as caught:
        read(word, language)
    return caught.value


@pytest.mark.parametrize(
    ("word", "chords"),
    [
        ("a", ["a"]),
        ("a500ms", ["a 500"]),
        ("right2s", ["right 2000"]),
        ("a1.5s", ["a 1500"]),
        ("a0.001s", ["a 1"]),
        ("a5s", ["a 5000"]),
        ("lup70%", ["lup 0.7"]),
        ("lup70%1s", ["lup 0.7 1000"]),
        ("rt99.9%", ["rt 0.999"]),
        ("lt100%", ["lt"]),
        ("a+right", ["a + right"]),
        ("lup50%+lright1s", ["lup 0.5 + lright 1000"]),
        ("_b", ["_b"]),
        ("_b1s+right500ms", ["_b 1000 + right 500"]),
        ("_lup70%", ["_lup 0.7"]),
        ("-b", ["-b"]),
        ("-b600ms", ["-b 600"]),
        ("-right+left", ["-right + left"]),
        ("#", ["#"]),
        (".", ["#"]),
        ("#200ms", ["# 200"]),
        ("#9.5s", ["# 9500"]),
        ("a+#1s", ["a + # 1000"]),
        (".+a", ["# + a"]),
        ("&2a", ["2:a"]),
        ("p2:a", ["2:a"]),
        ("&02a", ["2:a"]),
        ("&1a", ["a"]),
        ("a+&2a", ["a + 2:a"]),
        ("_&2a", ["_2:a"]),
        ("&2_a", ["_2:a"]),
        ("-p2:a1s", ["-2:a 1000"]),
        ("p2:-a", ["-2:a"]),
        ("&2rt30%500ms", ["2:rt 0.3 500"]),
    ],
)
def test_a_word_is_read_as_one_chord(word: str, chords: list[str]) -> None:
    assert read(word) == chords


@pytest.mark.parametrize(
    ("word", "chords"),
    [
        ("a*3", ["a"] * 3),
        ("a500ms*2", ["a 500"] * 2),
        ("a+b*3", ["a + b"] * 3),
        ("#1s*2", ["# 1000"] * 2),
        (".*2", ["#"] * 2),
        ("aa", ["a"] * 2),
        ("aaa", ["a"] * 3),
        ("upup", ["up"] * 2),
        ("a2", ["a"] * 2),
        ("a9", ["a"] * 9),
        ("&2a3", ["2:a"] * 3),
        ("left2down2", ["left", "left", "down", "down"]),
        ("a2a", ["a"] * 3),
        ("a2bb", ["a", "a", "b", "b"]),
        ("a2start500ms", ["a", "a", "start 500"]),
        ("a+b2start", ["a + b", "a + b", "start"]),
        ("a2b+x", ["a", "a", "b + x"]),
        ("a2s", ["a 2000"]),
    ],
)
def test_a_word_can_be_several_chords(word: str, chords: list[str]) -> None:
    assert read(word) == chords


@pytest.mark.parametrize(
    ("word", "at", "error"),
    [
        ("q", 0, 'unknown input "q"'),
        ("ab", 0, 'unknown input "ab"'),
        ("startselect", 0, 'unknown input "startselect"'),
        ("500ms", 0, 'unknown input "500ms"'),
        ("_", 1, 'an input is missing beside "_"'),
        ("__a", 1, 'unknown input "_a"'),
        ("_&2_a", 3, 'unknown input "_a"'),
        ("a500q", 4, 'unknown unit "q"; use ms or s'),
        ("a500msb", 4, 'unknown unit "msb"; use ms or s'),
        ("a2q", 2, 'unknown unit "q"; use ms or s'),
        ("lup70q", 5, 'unknown unit "q"; use %, ms or s'),
        ("lup70%1q", 7, 'unknown unit "q"; use ms or s'),
        ("a500", 1, '"500" needs a unit; use ms or s'),
        ("a1", 1, '"1" needs a unit; use ms or s'),
        ("a10", 1, '"10" needs a unit; use ms or s'),
        ("lup70", 3, '"70" needs a unit; use %, ms or s'),
        ("lup70%2", 6, '"2" needs a unit; use ms or s'),
        ("_a2", 2, '"2" needs a unit; use ms or s'),
        ("a%", 1, 'expected a number, not "%"'),
        ("a500000ms", 1, '"500000" is no number; at most 5 digits, and 3 after the point'),
        ("a1.s", 1, '"1." is no number; at most 5 digits, and 3 after the point'),
        ("a0s", 1, "a press lasts at least 1ms"),
        ("a5.001s", 1, "a press lasts at most 5s"),
        ("_a6s", 2, "a press lasts at most 5s"),
        ("#0ms", 1, "a wait lasts at least 1ms"),
        ("#11s", 1, "a wait lasts at most 10s"),
        ("-a11s", 2, "a wait lasts at most 10s"),
        ("a1.5ms", 1, "milliseconds are whole; use 500ms or 0.5s"),
        ("a50%", 1, "a is a button; it takes no amount"),
        ("-rt50%", 3, "letting go takes no amount"),
        ("#50%", 1, "a wait takes no amount"),
        ("rt0%", 2, "an amount is 1% to 100%, with at most one decimal"),
        ("lup1s70%", 5, "an input ends with its duration"),
        ("a1s2s", 3, "an input ends with its duration"),
        ("lup70%80%", 6, "an input has one amount only"),
        ("a+", 2, "an input is missing beside the +"),
        ("a++b", 2, "an input is missing beside the +"),
        ("a+q", 2, 'unknown input "q"'),
        ("a+aa", 2, 'unknown input "aa"'),
        ("aa500ms", 0, 'unknown input "aa"'),
        ("aa+b", 0, 'unknown input "aa"'),
        ("_aa", 1, 'unknown input "aa"'),
        ("a2+b", 2, "a repeat comes last; write a+b*2"),
        ("a2*2", 2, "one repeat is enough"),
        ("a*1", 1, "a repeat is *2 to *99"),
        ("a*100", 1, "a repeat is *2 to *99"),
        ("a*", 1, "a repeat is *2 to *99"),
        ("a*2b", 3, 'a blank is missing before "b"'),
        ("&3a", 0, "there is no pad 3; there are pads 1 to 2"),
        ("a+&0a", 2, "there is no pad 0; there are pads 1 to 2"),
        ("&a", 0, 'unknown input "&a"'),
    ],
)
def test_a_misread_word_says_where_and_why(word: str, at: int, error: str) -> None:
    caught = misread(word)
    assert (caught.at, caught.error) == (at, error)


@pytest.mark.parametrize(
    ("word", "chords"),
    [
        ("l1", ["l1"]),
        ("l1500ms", ["l1 500"]),
        ("l11s", ["l1 1000"]),
        ("l11500ms", ["l1 1500"]),
        ("l110000ms", None),  # more than a press may last, and not l for a tenth of a second
        ("r250%", ["r2 0.5"]),
        ("r2100%500ms", ["r2 500"]),
        ("r299.9%1.5s", ["r2 0.999 1500"]),
        ("l1*2", ["l1"] * 2),
        ("l1l1l1", ["l1"] * 3),
        ("left2l1", ["left", "left", "l1"]),
        ("left2l1500ms", ["left", "left", "l1 500"]),
        ("left2l1l1", ["left", "left", "l1", "l1"]),
        ("l1+r2", ["l1 + r2"]),
        ("l11s+r1*2", ["l1 1000 + r1"] * 2),
        ("_l1", ["_l1"]),
        ("-l3600ms", ["-l3 600"]),
        ("&2l1", ["2:l1"]),
        ("p2:l1500ms", ["2:l1 500"]),
    ],
)
def test_a_name_takes_its_digit_first(word: str, chords: list[str] | None) -> None:
    if chords is None:
        assert misread(word, PS2).error == "a press lasts at most 5s"
    else:
        assert read(word, PS2) == chords


@pytest.mark.parametrize(
    ("word", "at", "error", "meant"),
    [
        ("l12", 2, "write l1*2 to repeat l1", True),
        ("l12down", 2, "write l1*2 to repeat l1", True),
        ("l12r2", 2, "write l1*2 to repeat l1", True),
        ("left+r25", 7, "write r2*5 to repeat r2", True),
        ("l1s", 2, '"s" needs a number of its own; the 1 is part of the name', True),
        ("r2%", 2, '"%" needs a number of its own; the 2 is part of the name', True),
        ("_r1ms", 3, '"ms" needs a number of its own; the 1 is part of the name', True),
        ("l1.5s", 2, '".5s" needs a number of its own; the 1 is part of the name', True),
        ("l1500", 2, '"500" needs a unit; use ms or s', True),
        ("l1r1", 2, 'expected a number, not "r1"', False),
        ("r2d2", 2, 'expected a number, not "d2"', False),
        ("l1x", 2, 'expected a number, not "x"', False),
        ("l11", 2, '"1" needs a unit; use ms or s', False),
        ("l500ms", 0, 'unknown input "l"', False),
        ("l4", 0, 'unknown input "l"', False),
        ("ll1500ms", 0, 'unknown input "ll1"', True),
        ("cross+rr2", 6, 'unknown input "rr2"', True),
    ],
)
def test_what_could_be_taken_for_another_number_is_refused(
    word: str, at: int, error: str, meant: bool
) -> None:
    caught = misread(word, PS2)
    assert (caught.at, caught.error, caught.meant) == (at, error, meant)


def test_with_one_pad_there_is_one_pad_only() -> None:
    with pytest.raises(MisreadError, match="there is no pad 2; there is one pad only"):
        read_word("&2a", 0, Language(XBOX))


def test_places_count_from_the_begin_of_the_line() -> None:
    chords = read_word("a+_b", 7, LANGUAGE).chords
    assert [part.at for part in chords[0]] == [7, 9]
    assert read_word("a", 3, LANGUAGE).chords == [(Part(3, Kind.PRESS, "a", XBOX.words["a"]),)]
    with pytest.raises(MisreadError) as caught:
        read_word("a500q", 7, LANGUAGE)
    assert caught.value.at == 11


@pytest.mark.parametrize("word", ["a500ms", "a+b", "a*2", "&2a", "p1:a", "lup70%"])
def test_what_talk_hardly_has_is_measured(word: str) -> None:
    assert read_word(word, 0, LANGUAGE).measured


@pytest.mark.parametrize("word", ["a", "aa", "a2", "a2a", "_a", "-a", ".", "#"])
def test_what_talk_may_have_is_not(word: str) -> None:
    assert not read_word(word, 0, LANGUAGE).measured


@pytest.mark.parametrize(
    "word", ["a500q", "a500", "lup700%", "a+b+q", "a50%", "rigt500ms", "a+rigt", "a1s+q", "&9a", "a*200"]
)
def test_a_misread_word_can_show_that_an_input_was_meant(word: str) -> None:
    assert misread(word).meant


@pytest.mark.parametrize(
    "word",
    [
        "q",
        "rigt",
        "a!",
        "a+",
        "a++",
        "a+lol",
        "y2k",
        "b4u",
        "a.5s",
        "a1",
        "a%",
        "lol500ms",
        "x-ray",
        "p2:lol",
        "&9lol",
        "b2.",
    ],
)
def test_or_that_it_is_a_stranger(word: str) -> None:
    assert not misread(word).meant


def test_a_repeat_ends_where_its_digits_do() -> None:
    assert read_times("a*12]", 1, 0) == (12, 4)


def test_no_chord_has_more_parts_than_a_line_has_presses() -> None:
    assert len(read("+".join(["."] * MOST_TOGETHER))) == 1
    assert misread("+".join(["."] * (MOST_TOGETHER + 1))).error == "at most 32 inputs go together"


@given(st.text(st.sampled_from("ablup+%.0129ms_-&p:#*"), max_size=40))
def test_any_word_is_chords_within_the_limits_or_misread(word: str) -> None:
    try:
        chords = read_word(word or "a", 0, LANGUAGE).chords
    except MisreadError as error:
        assert 0 <= error.at <= len(word)  # noqa: PT017  both ends of the try are checked
        return
    for part in (part for chord in chords for part in chord):
        assert part.duration_ms is None or 0 < part.duration_ms <= XBOX.longest_ms
        assert 0.01 <= part.amount <= 1
        assert part.pad in (1, 2)
