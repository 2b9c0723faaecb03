from __future__ import annotations

from dataclasses import replace

import pytest

from bench.nat_grid import GUESSED, Cell, guess, measure, run, table
from bench.world.natpair import Network


def test_every_cell_is_as_the_literature_says() -> None:
    cells = run(5)
    assert len(cells) == len(Network) ** 2
    assert [cell for cell in cells if not cell.as_expected] == []
    assert "relayed" in table(cells)
    assert "5/5" in table(cells)
    assert "!" not in table(cells)


def test_the_promises_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    figures = measure(3)
    assert [figure.met for figure in figures] == [True, True, None, True, True, None, True, None, True]
    assert "carrier-grade" in capsys.readouterr().err


def test_guessing_ports_joins_what_cannot_be_joined_otherwise() -> None:
    cells = guess(10)
    assert [(cell.one, cell.other) for cell in cells] == list(GUESSED)
    assert all(len(cell.times_ms) >= 9 for cell in cells)
    assert not any(cell.expected for cell in cells)  # without it
    assert min(min(cell.times_ms) for cell in cells) >= 3_000  # only after an ordinary round


def test_a_cell_that_is_not_as_expected_is_marked() -> None:
    fine = Cell(Network.NONE, Network.NONE, 2, (100.0, 200.0), 0)
    lost_one = replace(fine, times_ms=(100.0,), explained=1)
    silent = Cell(Network.SYMMETRIC, Network.SYMMETRIC, 2, (), 1)
    assert fine.as_expected
    assert not lost_one.as_expected
    assert not silent.as_expected
    assert replace(silent, explained=2).as_expected
    assert "1/2 100 ms !" in table([lost_one])
