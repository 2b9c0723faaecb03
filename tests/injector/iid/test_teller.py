"""A listener that reads slowly is told what is true, not what was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from config.codes import Control
from injector.iid.record import parse
from injector.iid.speech import Speech
from injector.iid.teller import Teller
from injector.report import BUTTON_BIT, NEUTRAL, Report

A, B = Report(BUTTON_BIT[Control.A]), Report(BUTTON_BIT[Control.B])


class SlowConnection:
    """One whose buffer the test fills and empties."""

    def __init__(self) -> None:
        self.paused = False
        self.on_writable: Callable[[], None] | None = None
        self.got: list[int] = []

    def read_on(self) -> None:
        self.paused = False
        assert self.on_writable is not None
        self.on_writable()


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> SlowConnection:
    made = SlowConnection()

    def broadcast(connections: tuple[SlowConnection, ...], record: bytes) -> None:
        made.got += [each.value for each in parse(record)]

    monkeypatch.setattr("injector.iid.teller.broadcast", broadcast)
    return made


def teller(connection: Any, counters: Counter[str] | None = None) -> Teller:
    return Teller(connection, Speech(pads=1), Counter() if counters is None else counters)


def test_a_listener_is_told_at_once(connection: SlowConnection) -> None:
    counters: Counter[str] = Counter()
    telling = teller(connection, counters)
    telling.show(1, A)
    telling.show(1, NEUTRAL)
    assert connection.got == [1300, 2300]
    assert counters == {"records_sent": 2}


def test_a_slow_one_hears_only_the_way_to_what_is_true_now(connection: SlowConnection) -> None:
    telling = teller(connection)
    telling.show(1, A)
    connection.paused = True
    for _ in range(10_000):
        telling.show(1, NEUTRAL)
        telling.show(1, B)
    assert connection.got == [1300]
    connection.read_on()
    assert connection.got == [1300, 2300, 1302]


def test_rest_is_owed_until_it_is_said_and_comes_before_what_follows_it(connection: SlowConnection) -> None:
    telling = teller(connection)
    connection.paused = True
    telling.show(1, B)
    telling.rest()
    telling.show(1, A)
    connection.read_on()
    assert connection.got[:2] == [2300, 2301]
    assert connection.got[-1] == 1300
    assert 1302 not in connection.got
