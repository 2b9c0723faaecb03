"""What a page, a log or a test may watch the receiver do. It watches: nothing it does is waited for."""

from __future__ import annotations

from config.notes import Label
from config.views import ModeView
from injector.report import Report


class Observer:
    """Override what you want to see. Called on the loop, in order; must neither wait nor raise."""

    def report(self, pad: int, report: Report) -> None:
        """The device has taken this report. (At rest after `neutral`, without being said for each pad.)"""

    def played(self, id: int, at_ms: float) -> None:
        """The first frame of this sequence reached the device, at this time of our clock."""

    def label(self, label: Label) -> None:
        """Who asked for a sequence and how; may come before or after it is played, or not at all."""

    def mode(self, view: ModeView) -> None:
        """How the bot decides what is played, by its own word; now and then, and whenever it changes."""

    def neutral(self, reason: str) -> None:
        """Every pad went to rest."""

    def device_opened(self) -> None:
        """The device is there and at rest: at the start, and after each failure."""

    def device_failed(self, text: str) -> None:
        """The device failed, in one sentence; it is being opened again."""

    def link(self, up: bool) -> None:
        """The bot is heard, or heard no longer."""


class Observers(Observer):
    """Several who watch, told in their order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def report(self, pad: int, report: Report) -> None:
        for each in self._observers:
            each.report(pad, report)

    def played(self, id: int, at_ms: float) -> None:
        for each in self._observers:
            each.played(id, at_ms)

    def label(self, label: Label) -> None:
        for each in self._observers:
            each.label(label)

    def mode(self, view: ModeView) -> None:
        for each in self._observers:
            each.mode(view)

    def neutral(self, reason: str) -> None:
        for each in self._observers:
            each.neutral(reason)

    def device_opened(self) -> None:
        for each in self._observers:
            each.device_opened()

    def device_failed(self, text: str) -> None:
        for each in self._observers:
            each.device_failed(text)

    def link(self, up: bool) -> None:
        for each in self._observers:
            each.link(up)
