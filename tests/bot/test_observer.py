from __future__ import annotations

from collections.abc import Callable

from bot.chat.line import ChatLine, SourceState
from bot.modes.mode import Choice
from bot.observer import Observer
from config.views import ModeView
from tunnel.events import Outcome
from tunnel.frame import SequenceId


def test_an_observer_may_ignore_everything(say: Callable[..., ChatLine]) -> None:
    observer = Observer()
    observer.command(Choice((), say("a"), "Ada", "a", 0.0), SequenceId(1))
    observer.resolved(SequenceId(1), Outcome.APPLIED, 12.5)
    observer.source(SourceState(up=True, text="Reading chat."))
    observer.link(up=True)
    observer.mode(ModeView("anarchy", "Everything plays."))
