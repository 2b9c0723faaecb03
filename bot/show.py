"""Tells the pages how the mode in force looks: at most a few times a second, and only when it changed. Pure.

Law of use: call `handle_timeout` when `next_timeout` has come; earlier is harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from bot.observer import Observer
from config.notes import MODE
from config.view_note import pack_view
from config.views import ModeView

# A vote that shows four times a second looks live. Notes travel on the way the inputs take: 4 kB/s at most.
EVERY_MS: Final = 250.0
# Notes are best effort, and a page may be opened at any time: so the same is told again now and then.
AGAIN_MS: Final = 2_000.0
# A delay that moves by less than this is no news.
_NEWS_MS: Final = 100.0


class Notes(Protocol):
    """What this needs of the tunnel."""

    def send_note(self, kind: int, body: bytes) -> None: ...


class Show:
    """view  what to ask for the present state of things"""

    def __init__(self, view: Callable[[float], ModeView], tunnel: Notes, observer: Observer) -> None:
        self._view = view
        self._tunnel = tunnel
        self._observer = observer
        self._told: ModeView | None = None
        self._look_ms = float("-inf")
        self._again_ms = float("-inf")

    def handle_timeout(self, now: float) -> None:
        """Looks, and tells if there is something to tell."""
        if now < self._look_ms:
            return
        self._look_ms = now + EVERY_MS
        view = self._view(now)
        news = _without_clock(view)
        if news == self._told and now < self._again_ms:
            return
        self._told = news
        self._again_ms = now + AGAIN_MS
        self._tunnel.send_note(MODE, pack_view(view))
        self._observer.mode(view)

    def next_timeout(self) -> float:
        """When to look again."""
        return self._look_ms


def _without_clock(view: ModeView) -> ModeView:
    """What is left if only time goes by: a page counts down by itself."""
    return replace(view, ends_in_ms=None, delay_ms=view.delay_ms // _NEWS_MS)
