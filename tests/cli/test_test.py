"""The command that runs the gates, with gates that only say what they were told."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cli import test as command

Crowdpad = Callable[..., Any]


class Gates:
    """Stands in for subprocess: remembers the modules run, and fails those it is told to."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.failing: set[str] = set()

    def run(self, words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.ran.append(list(words[2:]))
        return subprocess.CompletedProcess(words, int(words[2] in self.failing))


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> Gates:
    stand_in = Gates()
    monkeypatch.setattr(subprocess, "run", stand_in.run)
    return stand_in


def test_every_gate_runs_and_the_tests_come_last(crowdpad: Crowdpad, gates: Gates) -> None:
    assert crowdpad("test").status == 0
    assert [words[0] for words in gates.ran] == ["ruff", "ruff", "mypy", "pytest", "pytest"]
    assert "--strict" in gates.ran[2]
    assert gates.ran[3] == ["pytest", "tests/test_architecture.py"]


@pytest.mark.parametrize("gate", ["ruff", "mypy", "pytest"])
def test_one_gate_that_fails_fails_the_whole_but_all_of_them_run(
    crowdpad: Crowdpad, gates: Gates, gate: str
) -> None:
    gates.failing = {gate}
    assert crowdpad("test").status == 1
    assert len(gates.ran) == len(command.GATES)


def test_what_failed_is_named_above_the_tests(crowdpad: Crowdpad, gates: Gates) -> None:
    gates.failing = {"mypy"}
    assert "crowdpad test: types failed; the tests run all the same\n" in crowdpad("test").out


def test_what_follows_goes_to_pytest(crowdpad: Crowdpad, gates: Gates) -> None:
    crowdpad("test", "tests/tunnel", "-x", "-k", "replay or clock")
    assert gates.ran[-1][-4:] == ["tests/tunnel", "-x", "-k", "replay or clock"]
    assert gates.ran[2] == ["mypy", "--strict"]
