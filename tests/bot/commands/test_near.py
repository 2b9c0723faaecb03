from __future__ import annotations

import pytest

from bot.commands.near import nearest
from bot.commands.table import COMMANDS

HEADS = {command.head for command in COMMANDS}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("puase", "pause"), ("pausee", "pause"), ("resme", "resume"), ("relaod", "reload")],
)
def test_a_slip_is_understood(typed: str, meant: str) -> None:
    assert nearest(typed, HEADS) == meant


@pytest.mark.parametrize("typed", ["gamble", "title", "uptime", "so", "luck", "commands", "", "x" * 500])
def test_other_bots_commands_are_no_slips_of_ours(typed: str) -> None:
    assert nearest(typed, HEADS) == ""
