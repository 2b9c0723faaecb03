from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import TALK, Language, Macro, Parsed, Refused, explain, parse
from bot.text import normalise
from config.controllers import controller_names, load_controller

PAGE = Path(__file__).parents[2] / "docs" / "chat.md"
XBOX = load_controller("xbox")
MASH = Macro("mash", ("b", "n"), "[<b>34ms #34ms]*<n>")
LANGUAGE = Language(XBOX, {"mash": MASH}, pads=2)
LANGUAGES = {
    (name, first_word): Language(load_controller(name), {"mash": MASH}, pads=4, first_word=first_word)
    for name in controller_names()
    for first_word in (False, True)
}

MARKS = "+ % . 0 1 5 9 _ - # [ ] * & : ms s 500ms 70% &2 p2: ]*3 #1s _b -b #mash(a,3) lol ß"
WORDS = "a b500ms _x -x a+&2b lup70% . #30ms [a [ ]*2 ] up2down aa _y1s+a #mash(b,2) _&2x -p2:x rt30%500ms"

pieces = st.sampled_from([*XBOX.words, "l1", "r2", *MARKS.split(), " ", "  ", "\x00"])
texts = st.one_of(st.text(max_size=600), st.lists(pieces, max_size=60).map("".join))
PLAYSTATION = [LANGUAGES[name, False] for name in ("ps1", "ps2", "ps4")]
NUMBERED = (
    "l1 r2 l1500ms r250% r2100%1s l1*2 l1l1 left2r1 l12 l1s _l2 -l2 -r1600ms cross+r1 &2l111ms #mash(l1,2)"
)

likely_words = st.sampled_from(WORDS.split())
likely_lines = st.lists(likely_words, min_size=1, max_size=9).map(" ".join)


@given(texts)
def test_any_text_is_within_the_budget_refused_at_a_place_or_talk(text: str) -> None:
    for language in LANGUAGES.values():
        result = parse(text, language)
        if isinstance(result, Refused):
            assert 1 <= result.at <= len(text) + 1
            assert result.error.isprintable()
        elif isinstance(result, Parsed):
            assert_within_the_budget(result, language)


@given(likely_lines)
def test_a_line_within_the_budget_ends_neutral_and_is_printed_as_itself(text: str) -> None:
    result = parse(text, LANGUAGE)
    if isinstance(result, Parsed):
        assert_within_the_budget(result, LANGUAGE)
        assert parse(result.text, LANGUAGE) == result
        assert explain(result).endswith(".")


@given(
    st.lists(st.sampled_from(NUMBERED.split()), min_size=1, max_size=6).map(" ".join), st.integers(34, 5000)
)
def test_names_that_end_in_a_digit_are_printed_as_themselves(text: str, press_ms: int) -> None:
    for language in PLAYSTATION:
        result = parse(text, language)
        if isinstance(result, Parsed):
            for changed in (result, result.at_pace(press_ms), result.on_pad(2)):
                assert_within_the_budget(changed, language)
                assert parse(changed.text, language) == changed


@given(likely_lines, st.integers(-5, 70_000), st.integers(1, 2))
def test_any_pace_and_pad_stay_within_the_budget_and_are_printed_as_themselves(
    text: str, press_ms: int, pad: int
) -> None:
    result = parse(text, LANGUAGE)
    if isinstance(result, Parsed):
        for changed in (result.at_pace(press_ms), result.on_pad(pad), result.at_pace(press_ms).on_pad(pad)):
            assert_within_the_budget(changed, LANGUAGE)
            assert parse(changed.text, LANGUAGE) == changed


def assert_within_the_budget(result: Parsed, language: Language) -> None:
    """Never over a limit; every press has its release; at its end nothing is down."""
    state: dict[tuple[int, str], float] = {}
    for step in result.steps:
        assert (step.value == 0) == ((step.pad, step.control) in state), "one press, one release"
        if step.value:
            state[step.pad, step.control] = step.value
        else:
            del state[step.pad, step.control]
    assert not state
    assert [step.at_ms for step in result.steps] == sorted(step.at_ms for step in result.steps)
    assert 2 <= len(result.steps) <= language.controller.most_frames
    assert 0 < result.duration_ms <= language.controller.longest_ms
    assert result.pads <= set(range(1, language.pads + 1))
    for group in language.controller.forbidden:
        assert_never_together(result, group)


def assert_never_together(result: Parsed, group: frozenset[str]) -> None:
    down: set[tuple[int, str]] = set()
    for step in result.steps:
        (down.add if step.value else down.discard)((step.pad, step.control))
        assert all(any((pad, control) not in down for control in group) for pad in result.pads)


# --- the viewers' page ------------------------------------------------------------------------------------


def rows(heading: str) -> list[list[str]]:
    """The rows of every table on the page with that heading, without the quotes of code."""
    found = []
    wanted = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            wanted = False
        elif line == heading:
            wanted = True
        elif wanted and not line.startswith("|---"):
            found.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    return found


def as_the_page_says_it(result: object) -> str:
    """`A 0-500, LY 0.7 500-700`: control, how far if it is not 1, and its milliseconds."""
    assert isinstance(result, Parsed)
    presses = []
    for place, step in enumerate(result.steps):
        if step.value:
            end = next(
                other.at_ms
                for other in result.steps[place + 1 :]
                if (other.pad, other.control) == (step.pad, step.control) and not other.value
            )
            pad = "" if step.pad == 1 else f"pad {step.pad} "
            far = "" if step.value == 1 else f" {step.value:g}"
            presses.append(f"{pad}{step.control}{far} {step.at_ms}-{end}")
    return ", ".join(presses)


@pytest.mark.parametrize(("texts", "played"), rows("| you type | the pad does |"))
def test_every_example_of_the_page_plays_as_it_says(texts: str, played: str) -> None:
    for text in texts.split("` or `"):
        assert as_the_page_says_it(parse(normalise(text), LANGUAGE)) == played


@pytest.mark.parametrize(("text", "why"), rows("| you type | why not |"))
def test_every_mistake_of_the_page_is_answered_as_it_says(text: str, why: str) -> None:
    result = parse(text, LANGUAGE)
    assert isinstance(result, Refused)
    assert f"character {result.at}: {result.error}" == why


@pytest.mark.parametrize("text", [row[0] for row in rows("| you type |")])
def test_the_talk_of_the_page_is_talk(text: str) -> None:
    assert parse(text, LANGUAGE) is TALK


def test_the_page_has_examples_of_each_kind() -> None:
    assert len(rows("| you type | the pad does |")) >= 12
    assert len(rows("| you type | why not |")) >= 6
    assert len(rows("| you type |")) >= 4


def test_the_page_is_one_screen_for_a_viewer() -> None:
    """A page of a browser, at the usual size, shows about 60 lines."""
    viewers, _, _ = PAGE.read_text(encoding="utf-8").partition("## For moderators")
    assert len(viewers.splitlines()) <= 60
