from __future__ import annotations

from bot.commands.table import COMMANDS
from config.levels import Level
from config.play import CommandsConfig

ROWS = {row.name: row for row in COMMANDS}


def test_a_row_knows_how_it_is_typed() -> None:
    assert ROWS["mode set"].typed == "!mode set NAME"
    assert ROWS["pause"].typed == "!pause"
    assert ROWS["mode set"].head == "mode"


def test_who_may_use_it_is_looked_up_under_its_right() -> None:
    config = CommandsConfig(levels={"macro_add": "vip", "vote": "subscriber", "macro": "viewer"})
    assert ROWS["macro add"].level(config) is Level.VIP
    assert ROWS["macro"].level(config) is Level.VIEWER
    assert ROWS["vote"].level(config) is Level.SUBSCRIBER
    assert ROWS["pause"].level(config) is Level.MODERATOR


def test_telling_the_mode_is_for_everybody_and_setting_it_is_not() -> None:
    config = CommandsConfig()
    levels = [ROWS[name].level(config) for name in ("mode", "mode set", "mode auto")]
    assert levels == [Level.VIEWER, Level.MODERATOR, Level.MODERATOR]
