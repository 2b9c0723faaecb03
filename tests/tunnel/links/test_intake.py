from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import cast

import pytest

from tunnel.links.fast import FastConnection
from tunnel.links.intake import Intake
from tunnel.wallclock import WallClock


class Line:
    """Stands for a connection and for its transport."""

    def __init__(self) -> None:
        self.on_datagram: Callable[[bytes], None] | None = None
        self.transport = self
        self.cut = False

    def abort(self) -> None:
        self.cut = True


class Still(WallClock):
    """Does not move."""

    def now(self) -> float:
        return 1_700_000_000_000.0


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def intake(line: Line) -> Intake:
    intake = Intake(cast(FastConnection, line), Counter(), Still())
    intake.open()
    return intake


def send(line: Line, datagram: bytes) -> None:
    assert line.on_datagram is not None
    line.on_datagram(datagram)


def test_what_comes_early_waits_and_is_handed_over_first(line: Line, intake: Intake) -> None:
    got: list[bytes] = []
    send(line, b"one")
    send(line, b"two")
    assert intake.unheard == 6
    intake.hand_to(got.append)
    send(line, b"three")
    assert got == [b"one", b"two", b"three"]
    assert intake.unheard == 0


def test_nothing_is_dropped_to_make_room_but_too_much_before_the_welcome_is_a_flood(
    line: Line, intake: Intake
) -> None:
    for _ in range(1_000):
        send(line, b"12")
    assert not line.cut
    send(line, b"3")
    assert line.cut
    assert intake.unheard == 2_001


def test_a_flood_is_cut_off_and_only_what_was_handed_over_was_heard(line: Line, intake: Intake) -> None:
    got: list[bytes] = []
    intake.hand_to(got.append)
    for _ in range(20_000):
        send(line, b"12")
    assert not line.cut
    for _ in range(5):
        send(line, b"12")
    assert line.cut
    assert (len(got), intake.unheard) == (20_000, 10)


def test_once_closed_nothing_comes(line: Line, intake: Intake) -> None:
    intake.close()
    assert line.on_datagram is None
