"""The lane of small messages."""

from __future__ import annotations

from collections import Counter

import pytest

from tunnel.messages import MAX_NOTE, parse_notes
from tunnel.notes import Notes


def test_what_waits_leaves_in_order_and_once() -> None:
    notes = Notes(Counter())
    notes.put(7, b"one")
    notes.put(8, b"two")
    assert len(notes) == 2
    _, items = parse_notes(bytes(4) + b"".join(notes.take()))
    assert [body for _, body in items] == [b"one", b"two"]
    assert notes.take() == []


def test_the_oldest_gives_way_and_is_counted() -> None:
    counters: Counter[str] = Counter()
    notes = Notes(counters)
    for number in range(70):
        notes.put(0, bytes((number,)))
    assert len(notes) == 64
    assert counters == {"notes shed": 6}
    assert notes.take()[0].endswith(bytes((6,)))


@pytest.mark.parametrize(("kind", "size"), [(-1, 0), (256, 0), (0, MAX_NOTE + 1)])
def test_a_note_that_is_none_is_our_own_mistake(kind: int, size: int) -> None:
    with pytest.raises(ValueError, match="a note has a kind"):
        Notes(Counter()).put(kind, bytes(size))
