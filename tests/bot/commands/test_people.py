from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.commands import people
from bot.commands.request import Handler, MisuseError, Request

Ask = Callable[..., Request]


@pytest.mark.parametrize(
    ("handler", "rest", "done"),
    [
        (people.restrict, "@kim start 30m", "restrict('kim', 'start', 1800000, 1000.0)"),
        (people.restrict, "kim start", "restrict('kim', 'start', None, 1000.0)"),
        (people.silence, "kim 10m", "silence('kim', 600000, 1000.0)"),
        (people.silence, "@kim", "silence('kim', None, 1000.0)"),
        (people.release, "@kim", "release('kim', 1000.0)"),
    ],
)
def test_what_is_done_about_somebody(desk: Any, ask: Ask, handler: Handler, rest: str, done: str) -> None:
    assert handler(desk, ask(rest)) == done


@pytest.mark.parametrize(
    ("handler", "rest", "why"),
    [
        (people.restrict, "", "^$"),
        (people.restrict, "kim", "^$"),
        (people.restrict, "kim 30m", '"30m" is no control'),
        (people.restrict, "kim start 30q", "is no time"),
        (people.restrict, "kim start 30m more", "is no time"),
        (people.silence, "", "^$"),
        (people.silence, "kim start", "is no time"),
        (people.release, "", "^$"),
        (people.release, "kim ada", "^$"),
    ],
)
def test_what_is_not_clear_is_not_done(desk: Any, ask: Ask, handler: Handler, rest: str, why: str) -> None:
    with pytest.raises(MisuseError, match=why):
        handler(desk, ask(rest))
