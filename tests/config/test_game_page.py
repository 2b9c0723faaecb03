"""What a person who writes a game's page is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from config.game_page import GamePage

Said = Callable[[Any, type[BaseModel]], list[str]]


def test_a_title_is_all_that_a_page_needs(said: Said) -> None:
    assert said("title: Mine\n", GamePage) == []
    (answer,) = said("words: {jump: a}\n", GamePage)
    assert answer == "1:1: title: missing. The game's name, for people."


@pytest.mark.parametrize(
    ("addition", "place", "sentence"),
    [
        ("words: {s: a}", "2:9: words.s", "means something else already"),
        ("words: {jump: a500ms}", "2:15: words.jump", 'found "a500ms"; wanted a word of the controller'),
        ("locked: start", "2:9: locked", 'found "start"; wanted a list'),
        ("gaps: {a: 0}", "2:11: gaps.a", "wanted a whole number from 1 to 10000"),
        ("levels: {start: king}", "2:17: levels.start", "wanted one of viewer, subscriber, vip"),
        ("cooldowns: {start: 10}", "2:20: cooldowns.start", "wanted a group of keys: user_s, everybody_s"),
        ("cooldowns: {start: {users: 1}}", "2:21: cooldowns.start.users", 'did you mean "user_s"?'),
        ("cooldowns: {start: {user_s: 4000}}", "2:29: cooldowns.start.user_s", "a number from 0 to 3600"),
        ("macros: {Mash: a}", "2:10: macros.Mash", "wanted a macro's name of up to 16 of a-z"),
        ("macros: {'mash(b)': a}", "2:21: macros.mash(b)", "its line has no <b>"),
        ("macros: {'mash(b)': '<b> <n>'}", "2:21: macros.mash(b)", "its line has <n>, which is none of its"),
        ("macros: {'m': a, 'm(b)': <b>}", "2:26: macros.m(b)", 'there is "m" already'),
        ("triggers: [{kind: raid, line: a}]", "2:19: triggers[0].kind", "wanted one of reward, cheer"),
        ("triggers: [{kind: cheer}]", "2:12: triggers[0].line", "missing. What is played"),
        ("triggers: [{kind: gift, title: X, line: a}]", "2:32: triggers[0].title", "a gift has no title"),
        ("triggers: [{kind: subscription, least: 2, line: a}]", "2:40: triggers[0].least", "is one"),
        ("pause: []", "2:8: pause", "found a list; wanted a line as chat would type it"),
        ("idle: a", "2:7: idle", 'found "a"; wanted a group of keys: line, after_s'),
        ("idle: {line: a}", "2:1: idle.after_s", "missing. After how many seconds"),
        ("periodic: {line: a, every_s: 0}", "2:30: periodic.every_s", "wanted a number from 1 to 3600"),
        ("limits: {press_ms: 0}", "2:20: limits.press_ms", "wanted a whole number from 1 to 60000"),
        ("word: {}", "2:1: word", 'did you mean "words"?'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_page_is_named_with_its_place(
    said: Said, addition: str, place: str, sentence: str
) -> None:
    (answer,) = said(f"title: Mine\n{addition}\n", GamePage)
    assert answer.startswith(f"{place}: ")
    assert sentence in answer


def test_a_parameter_may_be_named_by_its_number(said: Said) -> None:
    assert said('title: Mine\nmacros: {"mash(b, n)": "[<0>]*<1>"}\n', GamePage) == []


def test_a_page_is_bounded(said: Said) -> None:
    words = "".join(f"  {'a' * (n % 8 + 1)}{chr(97 + n // 8)}: a\n" for n in range(65))
    (answer,) = said(f"title: Mine\nwords:\n{words}", GamePage)
    assert answer.endswith("found 65 entries; wanted at most 64")
