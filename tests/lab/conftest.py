"""What is tried side by side in the laboratory; and its table: what each test noted with `note`, printed when
all are done. Times are noted, never judged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

import pytest

from bench.lab.machines import LabError
from bench.lab.pair import Pair
from bench.lab.remote import require

Note = Callable[[str], None]

_NOTE = "laboratory"
# Most of it is waiting, but its beginning is two programs that start.
_AT_ONCE: Final = 6


class Cell(NamedTuple):
    """Two ends somewhere.

    wins  the kind of direct path that joins them; None: none does, and both say why
    at    how the address begins at which the sender then reaches the receiver; or what is said instead
    """

    name: str
    pair: Callable[[], Pair]
    wins: str | None
    at: str = ""


async def side_by_side(tries: Iterable[tuple[str, Callable[[], Awaitable[str]]]], note: Note) -> None:
    """Does all, some at a time, and notes what each returns, by its name. AssertionError with what is wrong
    with those that raise LabError.
    """
    turns = asyncio.Semaphore(_AT_ONCE)
    wrong = []

    async def one(name: str, go: Callable[[], Awaitable[str]]) -> None:
        async with turns:
            try:
                note(f"{name}: {await go()}")
            except LabError as error:
                wrong.append(f"{name}: {error}")

    await asyncio.gather(*[one(name, go) for name, go in tries])
    assert not wrong, "\n\n".join(wrong)


async def try_cells(cells: Iterable[Cell], note: Note) -> None:
    """Each must be as it says."""
    await side_by_side([(cell.name, partial(_meet, cell)) for cell in cells], note)


async def _meet(cell: Cell) -> str:
    """From start to end. Returns what is worth noting; LabError if a law does not hold."""
    async with cell.pair() as pair:
        await pair.inputs_flow()
        if cell.wins:
            await pair.direct_wins(cell.wins)
            address = str(pair.sender.paths[cell.wins]["address"][0])
            require(address.startswith(cell.at), f"{cell.wins} leads to {address}, not to {cell.at}")
            said = cell.wins
        else:
            why = await pair.direct_is_given_up()
            require(cell.at in why, f"not told {cell.at!r} but {why!r}")
            said = f"relays ({why})"
        await pair.nothing_was_lost_or_doubled()
        return f"{said}; {pair.times()}"


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Adds a line to the table."""
    return lambda line: record_property(_NOTE, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == _NOTE
    ]
    if lines:
        terminalreporter.section("laboratory")
        for line in sorted(lines):
            terminalreporter.write_line(line)
