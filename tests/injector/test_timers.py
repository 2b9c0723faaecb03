"""Fine timers are asked for on Windows, given back at the end, and nothing happens elsewhere."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from injector.timers import fine_timers


def test_windows_is_asked_for_fine_timers_for_as_long_as_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[str, int]] = []
    winmm = SimpleNamespace(
        timeBeginPeriod=lambda ms: calls.append(("begin", ms)),
        timeEndPeriod=lambda ms: calls.append(("end", ms)),
    )
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(winmm=winmm), raising=False)
    with fine_timers():
        assert calls == [("begin", 1)]
    assert calls == [("begin", 1), ("end", 1)]


def test_other_systems_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ctypes, "windll", raising=False)
    with fine_timers():
        pass
