"""Lines as others read them, only for what changed; a reader that stops or leaves harms nobody."""

from __future__ import annotations

import errno
import json
import os
import select
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from config.codes import BUTTONS, Control
from injector.devices.device import DeviceError, DeviceGoneError
from injector.devices.events import EventsDevice
from injector.report import BUTTON_BIT, NEUTRAL, Report

DOWN = Report(BUTTON_BIT[Control.A])
needs_poll = pytest.mark.skipif(not hasattr(select, "poll"), reason="this system cannot ask a pipe")


class Pipe:
    """Its write end is the device's; `lines` is what came out of the other."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def lines(self) -> list[dict[str, Any]]:
        try:
            data = os.read(self.reader, 1 << 20)
        except BlockingIOError:
            return []
        assert data.endswith(b"\n")
        return [json.loads(line) for line in data.splitlines()]

    def close(self) -> None:
        for fd in (self.reader, self.writer):
            try:
                os.close(fd)
            except OSError:
                pass  # the test closed it already


def tap_for_ever(device: EventsDevice) -> None:
    while True:
        device.apply(1, DOWN)
        device.apply(1, NEUTRAL)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def test_a_line_has_exactly_what_the_contract_says(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 1720342174000.1254, pipe.writer)
    device.apply(1, DOWN)
    assert os.read(pipe.reader, 999) == b'{"t_ms": 1720342174000.125, "pad": 1, "control": "A", "value": 1}\n'


def test_only_changes_are_printed(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    device.apply(1, DOWN)
    device.apply(1, DOWN)
    device.apply(2, DOWN._replace(lx=-0.5, rt=0.30000001))
    device.apply(2, NEUTRAL._replace(lx=-1.0))
    told = [(line["pad"], line["control"], line["value"]) for line in pipe.lines()]
    assert told == [
        (1, "A", 1),
        (2, "A", 1), (2, "LX", -0.5), (2, "RT", 0.3),
        (2, "A", 0), (2, "RT", 0), (2, "LX", -1),
    ]  # fmt: skip
    assert all(isinstance(value, int) for _, control, value in told if control == "A")


def test_at_one_moment_a_release_is_printed_before_a_press(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    device.apply(1, Report(BUTTON_BIT[Control.B]))
    device.apply(1, Report(BUTTON_BIT[Control.A]))
    told = [(line["control"], line["value"]) for line in pipe.lines()]
    assert told == [("B", 1), ("B", 0), ("A", 1)]


def test_neutral_lets_go_of_everything_once(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    device.neutral()
    assert pipe.lines() == []
    device.apply(1, DOWN)
    device.apply(3, Report(ly=1.0))
    pipe.lines()
    device.neutral()
    device.close()
    told = [(line["pad"], line["control"], line["value"]) for line in pipe.lines()]
    assert told == [(1, "A", 0), (3, "LY", 0)]


@needs_poll
def test_a_reader_that_does_not_keep_up_is_a_failure_and_not_a_wait(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    with pytest.raises(DeviceError, match="keep up") as caught:
        tap_for_ever(device)
    assert not isinstance(caught.value, DeviceGoneError)
    device.neutral()
    device.close()
    assert pipe.lines()[-1]["control"] == "A"  # and every line that got through is whole


@needs_poll
def test_what_the_reader_is_owed_is_told_as_soon_as_it_reads_again(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    with pytest.raises(DeviceError):
        tap_for_ever(device)
    believed = pipe.lines()[-1]["value"]
    device.neutral()
    assert [line["value"] for line in pipe.lines()] == [0] * believed


def test_a_device_opened_after_a_failure_goes_on_from_what_stdout_was_told(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("injector.devices.events._told_on_stdout", {})
    monkeypatch.setattr("injector.devices.events.STDOUT", pipe.writer)
    EventsDevice(lambda: 5.0, pipe.writer).apply(1, DOWN)
    pipe.lines()
    EventsDevice(lambda: 6.0, pipe.writer).neutral()
    assert [(line["control"], line["value"]) for line in pipe.lines()] == [("A", 0)]


@pytest.mark.skipif(sys.platform == "win32", reason="a broken pipe of Windows has another number")
def test_a_reader_that_left_is_no_fault(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 5.0, pipe.writer)
    os.close(pipe.reader)
    with pytest.raises(DeviceGoneError):
        device.apply(1, DOWN)
    device.neutral()
    device.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_output_that_fails_otherwise_is_a_failure_and_not_an_end(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("injector.devices.events.os.write", full)
    device = EventsDevice(lambda: 5.0, pipe.writer)
    with pytest.raises(DeviceError, match=os.strerror(number)) as caught:
        device.apply(1, DOWN)
    assert not isinstance(caught.value, DeviceGoneError)


def test_one_report_always_fits_into_what_a_pipe_takes_at_once(pipe: Pipe) -> None:
    device = EventsDevice(lambda: 1720342174000.125, pipe.writer)
    everything = sum(BUTTON_BIT[control] for control in BUTTONS)
    device.apply(4, Report(everything, -0.1234, -0.1234, -0.1234, -0.1234, 0.1234, 0.1234))
    assert len(os.read(pipe.reader, 1 << 16)) < 4096
