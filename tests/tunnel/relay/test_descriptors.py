from __future__ import annotations

import sys

import pytest

from tunnel.relay.descriptors import most_connections

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")


class System:
    """A system with these limits, in place of the real one."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, *, strict: bool = False
    ) -> None:
        self.limits = (soft, hard)
        self.strict = strict
        monkeypatch.setattr("resource.getrlimit", lambda what: self.limits)
        monkeypatch.setattr("resource.setrlimit", self._set)

    def _set(self, what: int, limits: tuple[int, int]) -> None:
        if self.strict:
            raise ValueError("not here")
        self.limits = limits


def test_a_low_soft_limit_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, soft=1_024, hard=100_000)
    assert most_connections(4_000) == 4_000
    assert system.limits == (4_064, 100_000)


def test_the_hard_limit_leaves_a_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    System(monkeypatch, soft=256, hard=1_024)
    assert most_connections(4_000) == 960


def test_a_system_that_refuses_keeps_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    System(monkeypatch, soft=256, hard=100_000, strict=True)
    assert most_connections(4_000) == 192


def test_what_is_enough_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(monkeypatch, soft=100_000, hard=100_000)
    assert most_connections(4_000) == 4_000
    assert system.limits == (100_000, 100_000)
