"""The device that moves nothing and is looked at: it hands each report to a listener and keeps the latest."""

from __future__ import annotations

from collections.abc import Callable

from injector.report import NEUTRAL, Report

Listener = Callable[[int, Report], None]


class ScreenDevice:
    """`latest` maps each pad that ever moved to its report. The listener, if any, hears of every change."""

    def __init__(self, listener: Listener | None = None) -> None:
        self.latest: dict[int, Report] = {}
        self.listener = listener

    def apply(self, pad: int, report: Report) -> None:
        if self.latest.get(pad, NEUTRAL) == report:
            return
        self.latest[pad] = report
        if self.listener is not None:
            self.listener(pad, report)

    def neutral(self) -> None:
        for pad in self.latest:
            self.apply(pad, NEUTRAL)

    def close(self) -> None:
        self.neutral()
