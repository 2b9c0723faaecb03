"""The ring of ids that were taken in lately."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from injector.played import MEMORY, Played
from tunnel.frame import SequenceId

_ID_RANGE = 1 << 32


def test_nothing_was_played_at_first() -> None:
    played = Played()
    assert not any(SequenceId(id) in played for id in (0, 1, MEMORY, _ID_RANGE - 1))


def test_an_id_is_known_until_the_ring_has_gone_round() -> None:
    played = Played()
    for id in range(MEMORY):
        played.add(SequenceId(id))
    assert all(SequenceId(id) in played for id in range(MEMORY))
    played.add(SequenceId(MEMORY))
    assert SequenceId(0) not in played
    assert SequenceId(1) in played
    assert SequenceId(MEMORY) in played


@given(st.integers(0, _ID_RANGE - 1), st.lists(st.integers(1, MEMORY - 1), max_size=50))
def test_the_last_ids_are_known_wherever_the_count_begins(first: int, steps: list[int]) -> None:
    """Invariant: what was added less than MEMORY ids ago is known, also across the end of the count."""
    played = Played()
    played.add(SequenceId(first))
    for step in steps:
        played.add(SequenceId((first + step) % _ID_RANGE))
    assert SequenceId(first) in played


def test_remembering_takes_no_memory_that_was_not_there_from_the_start() -> None:
    played = Played()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for id in range(10_000):
            played.add(SequenceId(id))
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000
    assert peak - before < 1_000
