from __future__ import annotations

from bench.notebook import Notebook


def test_what_was_noted_is_read_in_the_order_of_the_ids() -> None:
    notebook = Notebook(10)
    for id, moment in ((3, 30.5), (1, 10.0), (10, 99.0)):
        notebook.note(id, moment)
    assert list(notebook.read().items()) == [(1, 10.0), (3, 30.5), (10, 99.0)]


def test_a_later_note_takes_the_place_of_an_earlier_one() -> None:
    notebook = Notebook(2)
    notebook.note(1, 5.0)
    notebook.note(1, 6.0)
    assert notebook.read() == {1: 6.0}


def test_what_has_no_room_is_not_noted() -> None:
    notebook = Notebook(2)
    for id in (-1, 0, 3, 4_000_000_000):
        notebook.note(id, 1.0)
    assert notebook.read() == {}
