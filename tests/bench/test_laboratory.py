"""The laboratory's figures, and that a small one can be measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bench import laboratory
from bench.figures import Figure
from bench.lab.grid import NONE
from bench.lab.idle import Idle
from bench.lab.machines import why_not
from bench.lab.remote import TCP, UDP
from bench.lab.rules import Kind
from bench.laboratory import Cell, figures, idle_figures, measure, told

ByName = Callable[[Sequence[Figure]], dict[str, Figure]]
REASON = why_not()

JOINED = Cell(NONE, Kind.FULL_CONE, UDP, 3, (300.0, 100.0, 200.0), (90.0, 80.0, 70.0))
PUNCHED = Cell(NONE, Kind.NO_UDP, TCP, 3, (1_300.0, 1_200.0, 100.0), (90.0, 80.0, 310.0))
RELAYED = Cell(Kind.SYMMETRIC, Kind.SYMMETRIC, None, 1, input_ms=(60.0,), why="The routers are symmetric.")


def test_the_promises_are_about_the_worst_cell_and_each_kind_by_itself(by_name: ByName) -> None:
    found = by_name(figures([JOINED, PUNCHED, RELAYED]))
    assert found["of 3 starts joined, worst of 2 cells where it can be"].met is True
    assert found[f"first datagram by {UDP} after, median of the worst of 1 cells"].value == 200.0
    assert found[f"first datagram by {TCP} after, median of the worst of 1 cells"].met is False
    assert found["first input over relays after, median of the worst cell"].value == 90.0
    assert found["the slowest start of all"].value == 310.0
    assert found["cells of 1 where it cannot be that did not fail cleanly"].met is True


def test_a_start_that_did_not_join_and_a_cell_that_did_not_say_why_are_missed_promises(
    by_name: ByName,
) -> None:
    never = replace(JOINED, direct_ms=(), wrong=("no",) * 3)
    found = by_name(figures([never, replace(RELAYED, wrong=("nothing says why",))]))
    assert found["of 3 starts joined, worst of 1 cells where it can be"].value == 0
    assert not [name for name in found if UDP in name]  # nothing was measured
    assert found["cells of 1 where it cannot be that did not fail cleanly"].met is False


def test_what_trying_costs_is_told_apart_from_the_heartbeats(by_name: ByName) -> None:
    every = by_name(idle_figures(Idle(600.0, 0.004), Idle(450.0, 0.003)))
    assert [(figure.value, figure.met) for figure in every.values()] == [
        (150.0, True),
        (450.0, None),
        (pytest.approx(0.1), True),
        (pytest.approx(0.3), None),
    ]


def test_where_nothing_plays_at_all_nothing_was_measured() -> None:
    with pytest.raises(RuntimeError, match="no input"):
        figures([replace(JOINED, direct_ms=(), input_ms=())])


def test_every_cell_is_told_and_what_is_wrong_with_it() -> None:
    assert told(JOINED) == "no NAT x full cone: 3/3 direct udp, 200 ms, first input 80 ms"
    assert told(RELAYED).startswith("symmetric x symmetric: relayed (The routers are symmetric.)")
    assert told(replace(JOINED, wrong=("not joined\nall paths",))).endswith("\n  ! not joined")


def test_without_a_laboratory_there_are_no_figures_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "why_not", lambda: "no root")
    with pytest.raises(RuntimeError, match="no root"):
        asyncio.run(measure(1, 1))


@pytest.mark.skipif(REASON is not None, reason=str(REASON))
def test_a_small_laboratory_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(laboratory, "PAIRS", [(NONE, NONE), (Kind.SYMMETRIC, Kind.SYMMETRIC)])
    found = asyncio.run(asyncio.wait_for(measure(2, 0), 120))
    assert found[0].value == 1  # all joined: two cells, with that of IPv6
    assert next(figure.value for figure in found if "fail cleanly" in figure.name) == 0
    said = capsys.readouterr().err
    assert "no NAT x no NAT: 2/2 direct udp" in said
    assert "IPv6 only x IPv6 only: 2/2 direct udp" in said
    assert "symmetric x symmetric: relayed (The router at both ends" in said
