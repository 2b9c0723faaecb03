"""Ending a program when somebody wants it to end."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from cli import running
from cli.running import SIGNALS, run_until_stopped


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_program_put_everything_down(number: int) -> None:
    put_down = []

    async def program() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        finally:
            put_down.append(True)

    run_until_stopped(program())
    assert put_down == [True]


def test_the_signals_mean_what_they_meant_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]

    async def program() -> None:
        assert signal.getsignal(SIGNALS[0]) != before[0]

    run_until_stopped(program())
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_program_that_fails_says_so_itself() -> None:
    async def program() -> None:
        raise OSError("the port is taken")

    with pytest.raises(OSError, match="the port is taken"):
        run_until_stopped(program())


def test_what_hangs_after_the_signal_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off = threading.Event()
    monkeypatch.setattr(running, "GRACE_S", 0.01)
    monkeypatch.setattr(running, "give_up", cut_off.set)

    async def program() -> None:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            assert cut_off.wait(60), "the watchdog never came"

    run_until_stopped(program())
    assert cut_off.is_set()


def test_nothing_is_cut_off_that_ended_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[threading.Timer] = []

    class Timer(threading.Timer):
        def __init__(self, interval: float, function: object) -> None:
            super().__init__(interval, lambda: None)
            timers.append(self)

    monkeypatch.setattr(threading, "Timer", Timer)

    async def program() -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    run_until_stopped(program())
    assert timers[0].finished.is_set()
