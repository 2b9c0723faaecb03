from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.grammar import Parsed, Step
from bot.language.english import explain
from config.codes import Control


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("a", "Press A."),
        ("a500ms", "Press A for 500 ms."),
        ("a1s b1.5s", "Press A for 1 second. Press B for 1.5 seconds."),
        ("_b right2s -b a", "Hold B. Press RIGHT for 2 seconds. Let go of B. Press A."),
        ("a+b+x500ms", "Press A, B and X for 500 ms."),
        ("lup70%1s rt30%", "Press LUP at 70 % for 1 second. Press RT at 30 %."),
        ("_lup70% a", "Hold LUP at 70 %. Press A. At the end let go of LUP."),
        ("a+&2b", "Press A and B on pad 2."),
        ("a . #1s b", "Press A. Wait 1.2 seconds. Press B."),
        ("a*5", "Press A 5 times."),
        ("a a", "Press A twice."),
        ("[a #350ms]*6", "6 times (press A; wait 350 ms)."),
        (
            "_b1s+right500ms",
            "Hold B and press RIGHT for 500 ms, and go on after 1 second. At the end let go of B.",
        ),
        ("_b . -b600ms", "Hold B. Wait 200 ms. Let go of B, and go on after 600 ms."),
        ("_right . -right+left", "Hold RIGHT. Wait 200 ms. Let go of RIGHT and press LEFT."),
        ("a+#1s", "Press A, and go on after 1 second."),
    ],
)
def test_a_line_is_said_in_sentences(line: str, sentences: str, read: Callable[[str], Parsed]) -> None:
    assert explain(read(line)) == sentences


def test_another_pace_is_said(read: Callable[[str], Parsed]) -> None:
    assert explain(read("a b500ms .").at_pace(100)) == "Press A for 100 ms. Press B for 500 ms. Wait 100 ms."


def test_a_line_made_by_hand_is_said_as_its_text() -> None:
    steps = (Step(0, Control.A, 1.0, 1), Step(200, Control.A, 0.0, 1))
    assert explain(Parsed(steps, "a vote")) == "a vote"
