"""The chapter of the winning path's death between real homes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bench import killed
from bench.lab.machines import why_not

REASON = why_not()


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_the_winning_paths_death_loses_and_doubles_nothing(by_name: Any) -> None:
    figures = by_name(asyncio.run(asyncio.wait_for(killed.measure(1), 120)))
    assert figures["winning path killed under 200/s, lost"].value == 0
    assert figures["played twice"].value == 0
    assert figures["most that any input was delayed by it"].baseline == 50


def test_without_a_laboratory_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killed, "why_not", lambda: "the laboratory needs Linux")
    with pytest.raises(RuntimeError, match="needs Linux"):
        asyncio.run(killed.measure(1))
