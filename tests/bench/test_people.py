from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bench.figures import Figure
from bench.people import fill, measure
from bot.store import Store


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_starts_are_measured_in_processes_of_their_own(
    by_name: Callable[[Sequence[Figure]], dict[str, Figure]],
) -> None:
    figures = by_name(measure(50))
    start = figures["start with 50 people known"]
    assert start.baseline is not None
    assert 0 < figures["of that, to load them"].value < start.value
    assert 1 < figures["memory then"].value < 1_000


def test_the_people_are_all_different(tmp_path: Path) -> None:
    fill(tmp_path / "crowd.db", 500)
    store = Store.open(tmp_path / "crowd.db")
    people = store.load(1_800_000_000_000.0).people
    store.close()
    assert len(people) == len({person.login for person in people}) == 500
