"""The bot command: what it counts, and what keeps it from starting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from bot.observer import BotStats
from cli.bot import counts
from cli.errors import EXIT_USAGE

Crowdpad = Callable[..., Any]


def test_a_missing_key_file_is_a_mistake_in_the_configuration(crowdpad: Crowdpad, folder: Any) -> None:
    file = folder.bot_config(8765)
    (folder.path / "bot.key").unlink()
    said = crowdpad("bot", "--config", file)
    assert said.status == EXIT_USAGE
    assert f"{file}:2:" in said.err
    assert "keys new" in said.err


def test_a_token_that_cannot_be_read_is_a_mistake_in_the_configuration(
    crowdpad: Crowdpad, folder: Any
) -> None:
    token = folder.write("token", "")
    token.chmod(0o600)
    text = folder.bot_config(8765).read_text(encoding="utf-8")
    chat = "chat: {channel: maya, nick: crowdpad, token_file: token}"
    file = folder.write("irc.yaml", text.replace("chat: {source: terminal}", chat))
    said = crowdpad("bot", "--config", file)
    assert said.status == EXIT_USAGE
    assert "token" in said.err


def test_what_came_too_late_is_one_number_wherever_it_waited() -> None:
    stats = BotStats(*([0] * 18))
    bot: Any = SimpleNamespace(stats=lambda: replace(stats, commands=9, applied=5, late=1, stale=2, lost=1))
    assert counts(bot) == {"commands": 9, "played": 5, "late": 3, "lost": 1}


def test_what_is_rare_is_told_once_it_has_happened() -> None:
    stats = replace(BotStats(*([0] * 18)), shed=1, limited=2, refused=3, cancelled=4)
    bot: Any = SimpleNamespace(stats=lambda: stats)
    assert list(counts(bot).items())[4:] == [("shed", 1), ("limited", 2), ("mistyped", 3), ("cancelled", 4)]
