"""What a person who writes a controller's page is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from config.codes import Control
from config.controller_page import ControllerPage, wrong_combination, wrong_times

Said = Callable[[Any, type[BaseModel]], list[str]]
C = Control
SMALL = "title: Small\ninputs: {a: A, up: UP, left: LEFT, lup: LY+, ldown: LY-, lt: LT, upleft: [UP, LEFT]}\n"
WANTED = "wanted a word of 1 to 16 of a-z, the last of them a digit if you like"


def test_a_small_page_is_fine(said: Said) -> None:
    assert said(SMALL, ControllerPage) == []


@pytest.mark.parametrize(
    ("addition", "place", "sentence"),
    [
        ("synonyms: {a: up}", "3:15: synonyms.a", "is an input already"),
        ("synonyms: {jump: hop}", "3:18: synonyms.jump", 'stands for "hop", which is no input'),
        (
            "synonyms: {a2: up}",
            "3:16: synonyms.a2",
            '"a2" is also how chat repeats "a"; one of the two needs other letters',
        ),
        ("synonyms: {l12: up}", "3:12: synonyms.l12", f'found "l12"; {WANTED}'),
        ("synonyms: {Jump: a}", "3:12: synonyms.Jump", f'found "Jump"; {WANTED}'),
        (
            "synonyms: {ms: a}",
            "3:12: synonyms.ms",
            f'found "ms"; {WANTED} (this one means something else already)',
        ),
        (
            "synonyms: a",
            "3:11: synonyms",
            'found "a"; wanted lines of `key: value`, further in than this key',
        ),
        ("forbidden: [[up, dwon]]", "3:18: forbidden[0][1]", '"dwon" is no input'),
        ("forbidden: [[up]]", "3:13: forbidden[0]", "found 1 entry; wanted at least 2"),
        (
            "forbidden: [[a, lup]]",
            "3:13: forbidden[0]",
            "a stick cannot stand here: that would forbid all of its ways",
        ),
        (
            "forbidden: [[up, left]]\nsynonyms: {u: up}",
            "3:13: forbidden[0]",
            '"upleft" presses these together, and is an input',
        ),
        ("forbidden: [[a, a]]", "3:13: forbidden[0]", "these are the same control; wanted two or more"),
        ("limits: {frames: 65}", "3:18: limits.frames", 'found "65"; wanted a whole number from 2 to 64'),
        (
            "limits: {press_ms: 20000}",
            "3:20: limits.press_ms",
            "the longest press (20000 ms) is longer than a line (limits.total_ms, 10000)",
        ),
        (
            "limits: {shortest_ms: 300}",
            "3:23: limits.shortest_ms",
            "the shortest press (300 ms) is longer than a usual one (defaults.press_ms, 200)",
        ),
        (
            "defaults: {press_ms: 20}",
            "3:22: defaults.press_ms",
            "the shortest press (34 ms) is longer than a usual one (defaults.press_ms, 20)",
        ),
        ("clicks: {a: LS}", "3:13: clicks.a", "is no trigger; only LT and RT have a click at their end"),
        ("clicks: {zz: LS}", "3:14: clicks.zz", "is no trigger; only LT and RT have a click at their end"),
        ("clicks: {lt: RT}", "3:14: clicks.lt", "RT is no button"),
        ("input: {a: A}", "3:1: input", 'unknown key; did you mean "inputs"?'),
    ],
)
def test_a_mistake_in_a_page_is_named_with_its_place(
    said: Said, addition: str, place: str, sentence: str
) -> None:
    assert said(f"{SMALL}{addition}\n", ControllerPage) == [f"{place}: {sentence}"]


@pytest.mark.parametrize("word", ["s", "ms", "anarchy", "democracy"])
def test_a_word_that_a_line_reads_otherwise_is_no_input(said: Said, word: str) -> None:
    (answer,) = said(f"title: x\ninputs: {{{word}: A}}\n", ControllerPage)
    assert answer.startswith(f"2:10: inputs.{word}: ")


def test_a_word_may_end_in_a_digit_if_its_letters_alone_are_none(said: Said) -> None:
    assert said("title: x\ninputs: {l1: LB, l2: LT}\nsynonyms: {up4: l1}\n", ControllerPage) == []
    (answer,) = said("title: x\ninputs: {l1: LB, a: A}\nsynonyms: {l: a}\n", ControllerPage)
    assert answer.startswith("2:14: inputs.l1: ")


def test_all_mistakes_are_said_at_once(said: Said) -> None:
    text = "synonyms: {a: up}\nforbidden: [[up, dwon]]\nlimits: {press_ms: 100}\n"
    assert [answer.split(": ")[1] for answer in said(SMALL + text, ControllerPage)] == [
        "synonyms.a", "forbidden[0][1]", "limits.press_ms",
    ]  # fmt: skip


def test_the_last_of_the_times_that_is_too_long_is_where_it_is_said() -> None:
    assert list(wrong_times(34, 200, 5000, 10_000)) == []
    assert list(wrong_times(200, 200, 200, 200)) == []
    assert [misfit.path for misfit in wrong_times(4, 3, 2, 1)] == [
        ("limits", "shortest_ms"), ("defaults", "press_ms"), ("limits", "press_ms"),
    ]  # fmt: skip


def test_a_combination_is_of_buttons_and_triggers() -> None:
    assert list(wrong_combination(0, [((C.A, 1),), ((C.LT, 1),)])) == []
    assert list(wrong_combination(0, [((C.A, 1),), ((C.LX, 1),)])) != []
