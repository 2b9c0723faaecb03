"""Watches a receiver for the page: whatever it plays is told to a Feed at once."""

from __future__ import annotations

from config.notes import Label
from config.views import ModeView
from injector.guard import Neutral
from injector.observer import Observer
from injector.report import Report
from web.feed import Feed


class Screen(Observer):
    """The observer a Receiver is given when its pads are shown on a page."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def report(self, pad: int, report: Report) -> None:
        self._feed.link(True)  # whatever kept the pads at rest is over
        self._feed.report(pad, report)

    def played(self, id: int, at_ms: float) -> None:
        self._feed.played(id)

    def label(self, label: Label) -> None:
        self._feed.label(label)

    def mode(self, view: ModeView) -> None:
        self._feed.mode(view)

    def neutral(self, reason: str) -> None:
        self._feed.neutral(reason)
        if reason == Neutral.RESTART.value:
            self._feed.link(True)  # a bot that has just come is no trouble to tell of

    def device_failed(self, text: str) -> None:
        self._feed.neutral(text)

    def link(self, up: bool) -> None:
        self._feed.link(up)
