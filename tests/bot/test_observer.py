from __future__ import annotations

from collections.abc import Callable

from bot.chat.line import ChatLine, SourceState
from bot.observer import Observer
from tunnel.events import Outcome
from tunnel.frame import SequenceId


def test_an_observer_may_ignore_everything(say: Callable[..., ChatLine]) -> None:
    observer = Observer()
    observer.command(say("a"), SequenceId(1), "a")
    observer.resolved(SequenceId(1), Outcome.APPLIED, 12.5)
    observer.source(SourceState(up=True, text="Reading chat."))
    observer.link(up=True)
