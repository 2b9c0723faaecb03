"""The figures, shown to people and machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bench.figures import Figure
from cli import bench
from cli.errors import EXIT_TROUBLE, EXIT_USAGE

Crowdpad = Callable[..., Any]


@pytest.fixture
def chapters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Every chapter replaced by one that takes no time; which were measured, and whether quickly."""
    measured: list[tuple[str, bool]] = []

    def stand_in(name: str) -> Callable[[bool], list[Figure]]:
        def chapter(quick: bool) -> list[Figure]:
            measured.append((name, quick))
            return [Figure(f"figure of {name}", 3, "ms", limit=2)]

        return chapter

    for name in bench.CHAPTERS:
        monkeypatch.setitem(bench.CHAPTERS, name, stand_in(name))
    return measured


def test_a_chapter_is_measured_and_shown_as_a_table(crowdpad: Crowdpad) -> None:
    said = crowdpad("bench", "--only", "wire")
    assert said.status == 0
    lines = said.out.strip().splitlines()
    assert lines[0] == "wire"
    assert lines[1].split() == ["figure", "measured", "baseline", "ratio", "promised"]
    assert lines[2].startswith("a tapped button on the wire")
    assert said.err == "measuring wire ...\n"


def test_all_chapters_are_measured_where_none_is_named(
    crowdpad: Crowdpad, chapters: list[tuple[str, bool]]
) -> None:
    said = crowdpad("bench")
    assert chapters == [(name, False) for name in bench.CHAPTERS]
    assert all(f"figure of {name} " in said.out for name in bench.CHAPTERS)


def test_a_missed_promise_is_said_and_is_no_failure(
    crowdpad: Crowdpad, chapters: list[tuple[str, bool]]
) -> None:
    said = crowdpad("bench", "--quick", "--only", "latency", "--only", "wire")
    assert (said.status, said.out.count("MISSED")) == (0, 2)
    assert chapters == [("latency", True), ("wire", True)]


def test_machines_get_one_object_and_nothing_else(
    crowdpad: Crowdpad, chapters: list[tuple[str, bool]]
) -> None:
    told = json.loads(crowdpad("bench", "--json", "--only", "failover").out)
    assert told["unmeasured"] == {}
    [figure] = told["figures"]
    assert (figure["name"], figure["value"], figure["met"]) == ("figure of failover", 3, False)


@pytest.mark.parametrize("error", [RuntimeError("the bot says nothing"), BrokenPipeError(), TimeoutError()])
def test_a_chapter_that_cannot_be_measured_is_named_and_the_others_still_are(
    crowdpad: Crowdpad, chapters: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def dies(quick: bool) -> list[Figure]:
        raise error

    monkeypatch.setitem(bench.CHAPTERS, "parsing", dies)
    said = crowdpad("bench", "--json", "--only", "parsing", "--only", "wire")
    assert said.status == EXIT_TROUBLE
    assert "crowdpad bench: parsing could not be measured: " in said.err
    told = json.loads(said.out)
    assert told["unmeasured"] == {"parsing": str(error) or type(error).__name__}
    assert [figure["name"] for figure in told["figures"]] == ["figure of wire"]


def test_an_unknown_chapter_is_wrong_usage(crowdpad: Crowdpad, chapters: list[tuple[str, bool]]) -> None:
    said = crowdpad("bench", "--only", "weather")
    assert said.status == EXIT_USAGE
    assert "simulated network" in said.err
    assert chapters == []


def test_the_memory_of_a_relay_is_told_beside_an_empty_one(
    crowdpad: Crowdpad, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def measure(members: int) -> dict[str, float]:
        asked.append(members)
        return {"members": members, "empty_mib": 30.0, "full_mib": 45.0, "per_member_kib": 15.0}

    monkeypatch.setattr("bench.relay_memory.measure", measure)
    shown = crowdpad("bench", "--quick", "--only", "relay memory").out
    assert asked == [200]
    assert "45 MiB" in shown
    assert "30 (an empty relay)" in shown
