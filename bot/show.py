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
    """view   what to ask for the present state of things
    names  whether the receiver may be told whose turn it is
    """

    def __init__(
        self, view: Callable[[float], ModeView], tunnel: Notes, observer: Observer, *, names: bool = True
    ) -> None:
        self._view = view
        self._names = names
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
        if not self._names:
            view = replace(view, player="", queue=())
        if self._told is not None and not _is_news(view, self._told) and now < self._again_ms:
            return
        self._told = view
        self._again_ms = now + AGAIN_MS
        self._tunnel.send_note(MODE, pack_view(view))
        self._observer.mode(view)

    def next_timeout(self) -> float:
        """When to look again."""
        return self._look_ms


def _is_news(view: ModeView, told: ModeView) -> bool:
    """Whether more happened than that time went by: a page counts down by itself, but not up."""
    if view.ends_in_ms is not None and told.ends_in_ms is not None:
        return view.ends_in_ms > told.ends_in_ms or _without_clock(view) != _without_clock(told)
    moved = abs(view.delay_ms - told.delay_ms) >= _NEWS_MS
    return moved or view.ends_in_ms != told.ends_in_ms or _without_clock(view) != _without_clock(told)


def _without_clock(view: ModeView) -> ModeView:
    return replace(view, ends_in_ms=None, delay_ms=0.0)
