from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.commands import viewers
from bot.commands.request import MisuseError, Request
from bot.commands.table import COMMANDS

Ask = Callable[..., Request]


def test_help_names_what_whoever_asks_may_type(desk: Any, ask: Ask) -> None:
    allowed = tuple(row for row in COMMANDS if row.head in ("help", "mode"))
    answer = viewers.help(desk, ask()._replace(allowed=allowed))
    assert answer == "Type an input such as a or b as your whole message. Commands: !help !mode"


@pytest.mark.parametrize("typed", ["vote", "!vote"])
def test_help_explains_one_command(desk: Any, ask: Ask, typed: str) -> None:
    answer = viewers.help(desk, ask(typed)._replace(allowed=COMMANDS))
    assert answer == "Type !vote anarchy|democracy: Says which mode you want."


def test_help_explains_nothing_that_one_may_not_use(desk: Any, ask: Ask) -> None:
    assert "set" not in viewers.help(desk, ask("mode")._replace(allowed=COMMANDS[:3]))
    assert viewers.help(desk, ask("jump")).startswith("Type an input")


def test_controls_and_macros_are_listed(desk: Any, ask: Ask) -> None:
    assert viewers.controls(desk, ask()) == (
        "Controls: a b start select up down left right and macros: #mash(b,n)"
    )
    desk.macro_names = ()
    assert viewers.controls(desk, ask()).endswith("right")


def test_the_mode_is_told_and_not_set(desk: Any, ask: Ask) -> None:
    assert viewers.mode(desk, ask()) == "mode_sentence(1000.0)"
    with pytest.raises(MisuseError, match="!vote NAME votes"):
        viewers.mode(desk, ask("democracy"))


def test_a_vote_is_for_one_of_two(desk: Any, ask: Ask) -> None:
    assert viewers.vote(desk, ask("democracy")) == "vote('402', 'democracy', 1000.0)"
    for rest in ("", "turns", "democracy anarchy"):
        with pytest.raises(MisuseError):
            viewers.vote(desk, ask(rest))


def test_joining_names_a_team_or_none(desk: Any, ask: Ask) -> None:
    assert viewers.join(desk, ask()) == "join('402', 'Kim', '', 1000.0)"
    assert viewers.join(desk, ask("red")) == "join('402', 'Kim', 'red', 1000.0)"
    for rest in ("red blue", "x" * 17):
        with pytest.raises(MisuseError):
            viewers.join(desk, ask(rest))


def test_everybody_sees_and_deletes_their_own_data_only(desk: Any, ask: Ask) -> None:
    assert viewers.me(desk, ask("bob")) == "me('402', 1000.0)"
    assert viewers.forget(desk, ask()) == "forget('402', 1000.0)"
    with pytest.raises(MisuseError):
        viewers.forget(desk, ask("bob"))
