"""The parsing chapter."""

from __future__ import annotations

from typing import Any

import pytest

from bench import parsing


@pytest.mark.parametrize("lines", [1, 23])
def test_every_line_is_understood(by_name: Any, lines: int) -> None:
    figures = by_name(parsing.measure(lines))
    assert figures["of them not understood"].value == 0
    rate = figures["IRC lines parsed"]
    assert rate.value > 0
    assert rate.baseline is not None
    assert rate.baseline > 0


def test_lines_that_are_lost_are_told(monkeypatch: pytest.MonkeyPatch, by_name: Any) -> None:
    monkeypatch.setattr(parsing, "chat_line", lambda number, text: f"PRIVMSG :{text}")
    lost = by_name(parsing.measure(10))["of them not understood"]
    assert (lost.value, lost.met) == (10, False)
