"""The screen keeps the latest report of each pad and tells its listener of changes."""

from __future__ import annotations

from injector.devices.screen import ScreenDevice
from injector.report import NEUTRAL, Report

DOWN = Report(1)


def test_the_listener_hears_of_every_change_and_only_of_changes() -> None:
    heard: list[tuple[int, Report]] = []
    device = ScreenDevice(lambda pad, report: heard.append((pad, report)))
    device.apply(1, NEUTRAL)
    device.apply(1, DOWN)
    device.apply(1, DOWN)
    device.apply(2, DOWN)
    assert heard == [(1, DOWN), (2, DOWN)]
    assert device.latest == {1: DOWN, 2: DOWN}


def test_neutral_and_close_bring_every_pad_to_rest_once() -> None:
    heard: list[tuple[int, Report]] = []
    device = ScreenDevice(lambda pad, report: heard.append((pad, report)))
    device.apply(2, DOWN)
    device.neutral()
    device.close()
    assert heard == [(2, DOWN), (2, NEUTRAL)]


def test_without_a_listener_it_just_remembers() -> None:
    device = ScreenDevice()
    device.apply(1, DOWN)
    assert device.latest == {1: DOWN}
