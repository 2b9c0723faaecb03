from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grammar import Parsed
from bot.language.printing import Repeat, folded


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("a", "a"),
        ("a+b", "a+b"),
        ("p2:a", "&2a"),
        ("&2_a500ms", "_&2a500ms"),
        ("a1.5s b2.0s", "a1500ms b2s"),
        ("lup70.0%1s rt100%", "lup70%1s rt"),
        ("rt99.9%", "rt99.9%"),
        ("_b", "_b ."),
        ("_b right2s -b600ms a", "_b right2s -b600ms a"),
        ("left left", "left*2"),
        ("aaa", "a*3"),
        ("left2down2", "left*2 down*2"),
        ("a b a b", "[a b]*2"),
        ("[a #350ms]*6", "[a #350ms]*6"),
        ("[[a]*2 b]*2 x", "[a*2 b]*2 x"),
        ("[[[a]*2 b]*2 x]*2 y", "[[a*2 b]*2 x]*2 y"),
        ("#200ms a", ". a"),
        (". . a", "#400ms a"),
        ("#1s #500ms a", "#1500ms a"),
        ("a+#1s+#500ms", "a+#1s"),
        ("#mash(a,20)", "[a34ms #34ms]*20"),
        ("a a b a a b", "[a*2 b]*2"),
    ],
)
def test_a_line_is_printed_in_one_way(typed: str, printed: str, read: Callable[[str], Parsed]) -> None:
    assert read(typed).text == printed
    assert read(printed).text == printed


def test_words_that_differ_are_left_as_they_are() -> None:
    assert folded(["a", "b", "c"]) == ["a", "b", "c"]


def test_brackets_are_folded_no_deeper_than_they_can_be_read() -> None:
    assert folded(["a", "b", "a", "b"], nested=0) == ["a", "b", "a", "b"]
    assert folded(["a", "a", "b", "a", "a", "b"], nested=1) == [Repeat(2, (Repeat(2, ("a",)), "b"))]


def unfolded(items: list[str | Repeat]) -> list[str]:
    return [
        word
        for item in items
        for word in ([item] if isinstance(item, str) else unfolded(list(item.body)) * item.times)
    ]


@given(st.lists(st.sampled_from("ab."), max_size=60))
def test_what_is_folded_is_still_said(words: list[str]) -> None:
    assert unfolded(folded(words)) == words


def test_no_repeat_is_said_more_often_than_it_can_be_read() -> None:
    items = folded(["."] * 256)
    assert unfolded(items) == ["."] * 256
    assert all(isinstance(item, Repeat) and item.times <= 99 for item in items)
