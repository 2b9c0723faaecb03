"""The language chapter: every line judged, each once."""

from __future__ import annotations

from typing import Any

import pytest

from bench import language
from bot.flow import Flow


def test_every_line_is_judged_and_about_a_quarter_of_them_are_inputs(
    by_name: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "slowest_parse", lambda controller: 1.5)
    figures = by_name(language.measure(5_000))
    rate = figures["lines judged and parsed"]
    assert rate.value > 0
    assert rate.baseline > 0
    assert rate.met is not None
    assert 0.22 < figures["of them inputs that may be played"].value < 0.28
    lost = figures["of them nothing, or several things"]
    assert (lost.value, lost.met) == (0, True)
    slowest = figures["slowest parse of up to 500 characters"]
    assert (slowest.value, slowest.met) == (1.5, True)


def test_a_bot_that_overlooks_lines_is_told(by_name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "slowest_parse", lambda controller: 1.5)
    monkeypatch.setattr(Flow, "handle", lambda flow, batch, now: None)
    lost = by_name(language.measure(100))["of them nothing, or several things"]
    assert (lost.value, lost.met) == (100, False)
