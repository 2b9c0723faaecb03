from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import LONGEST_TEXT, TALK, Language, Parsed, Refused, parse
from bot.lexer import read_chord
from bot.text import normalise
from config.controllers import controller_names, load_controller

XBOX = load_controller("xbox")
LANGUAGE = Language(XBOX)
PAGE = Path(__file__).parents[2] / "docs" / "chat.md"


@pytest.mark.parametrize("text", ["a", "up", "start", "a500ms b+right", "down down a", "lup70%1s", "select"])
def test_inputs_are_parsed(text: str) -> None:
    assert isinstance(parse(text, LANGUAGE), Parsed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello a",
        "a lol",
        "a nice one",
        "start the game",
        "up up and away",
        "right, left",
        "b2b wins",
        "a4 paper",
        "a+ for effort",
        "a + for effort",
        "up 100% of the time",
        "back in 5 minutes",
        "1 a",
        "500ms",
        "+a",
        "aa",
        "ab",
        "a!",
        "a.5s",
        "a১২ms",
        "https://a.b/c",
        "!help",
    ],
)
def test_talk_is_left_alone(text: str) -> None:
    assert parse(text, LANGUAGE) is TALK


@pytest.mark.parametrize(
    ("text", "at", "error"),
    [
        ("a500q", 5, 'unknown unit "q"; use ms or s'),
        ("b2b", 3, 'unknown unit "b"; use ms or s'),
        ("a b500q", 7, 'unknown unit "q"; use ms or s'),
        ("a500q b500q", 5, 'unknown unit "q"; use ms or s'),
        ("a500ms lol", 8, 'unknown input "lol"'),
        ("a+right lol", 9, 'unknown input "lol"'),
        ("a+lol", 3, 'unknown input "lol"'),
        ("a 500ms", 3, 'no blank before "500ms"; write a500ms, lup70%, a+b'),
        ("a + b", 3, 'no blank before "+"; write a500ms, lup70%, a+b'),
        ("a +b", 3, 'no blank before "+b"; write a500ms, lup70%, a+b'),
        ("a5s b5s x", 9, "a line lasts at most 10s"),
        (" ".join(["a"] * 33), 65, "a line has at most 32 presses"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, at: int, error: str) -> None:
    assert parse(text, LANGUAGE) == Refused(at, error)


def test_text_longer_than_a_message_is_talk() -> None:
    assert parse("a" + " " * (LONGEST_TEXT - 1), LANGUAGE) == parse("a", LANGUAGE)
    assert parse("a" + " " * LONGEST_TEXT, LANGUAGE) is TALK


def test_a_line_lasts_until_its_last_release() -> None:
    result = parse("a500ms b+right", LANGUAGE)
    assert isinstance(result, Parsed)
    assert result.duration_ms == 700


pieces = st.sampled_from([*XBOX.words, *"+% .0159", "ms", "s", "500ms", "70%", " ", "lol", "ß", "\x00"])


@given(st.one_of(st.text(max_size=600), st.lists(pieces, max_size=80).map("".join)))
def test_any_text_is_within_the_budget_refused_at_a_place_or_talk(text: str) -> None:
    for name in controller_names():
        result = parse(text, Language(load_controller(name)))
        if isinstance(result, Refused):
            assert 1 <= result.at <= len(text) + 1
            assert result.error.isprintable()
        elif isinstance(result, Parsed):
            assert_within_the_budget(result)


def assert_within_the_budget(result: Parsed) -> None:
    state: dict[str, float] = {}
    for step in result.steps:
        state[step.control] = step.value
    assert not any(state.values())
    assert 2 <= len(result.steps) <= XBOX.most_frames
    assert 0 < result.duration_ms <= XBOX.longest_ms
    assert all(step.pad == 1 for step in result.steps)


def test_work_is_linear_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(word: str, at: int, controller: object) -> object:
        calls.append(word)
        return read_chord(word, at, XBOX)

    monkeypatch.setattr("bot.grammar.read_chord", counted)
    parse("a1q " * (LONGEST_TEXT // 4), LANGUAGE)
    assert sum(map(len, calls)) <= LONGEST_TEXT


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
                if other.control == step.control and not other.value
            )
            far = "" if step.value == 1 else f" {step.value:g}"
            presses.append(f"{step.control}{far} {step.at_ms}-{end}")
    return ", ".join(presses)


@pytest.mark.parametrize(("text", "played"), rows("| you type | the pad does |"))
def test_every_example_of_the_page_plays_as_it_says(text: str, played: str) -> None:
    assert as_the_page_says_it(parse(normalise(text), LANGUAGE)) == played


@pytest.mark.parametrize(("name", "text", "played"), rows("| controller | you type | the pad does |"))
def test_every_example_of_other_controllers_plays_as_the_page_says(name: str, text: str, played: str) -> None:
    assert as_the_page_says_it(parse(text, Language(load_controller(name)))) == played


@pytest.mark.parametrize(("text", "why"), rows("| you type | why not |"))
def test_every_mistake_of_the_page_is_answered_as_it_says(text: str, why: str) -> None:
    result = parse(text, LANGUAGE)
    assert isinstance(result, Refused)
    assert f"character {result.at}: {result.error}" == why


@pytest.mark.parametrize("text", [row[0] for row in rows("| you type |")])
def test_the_talk_of_the_page_is_talk(text: str) -> None:
    assert parse(text, LANGUAGE) is TALK


@pytest.mark.parametrize(("name", "words"), rows("| controller | words |"))
def test_the_page_names_every_word(name: str, words: str) -> None:
    assert set(re.findall(r"[a-z]+", words.replace("also", ""))) == set(load_controller(name).words)


def test_the_page_has_examples_of_each_kind() -> None:
    assert len(rows("| you type | the pad does |")) >= 10
    assert len(rows("| you type | why not |")) >= 8
    assert len(rows("| you type |")) >= 4
    assert {name for name, _ in rows("| controller | words |")} == set(controller_names())
