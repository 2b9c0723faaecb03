from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import SourceError, open_source
from bot.chat.irc_source import IrcSource
from bot.chat.log import LogSource
from bot.chat.terminal import TerminalSource
from config.chats import IrcChat, LogChat, TerminalChat
from tunnel.wallclock import WallClock

CLOCK = WallClock()


def test_the_configuration_names_the_source(tmp_path: Path) -> None:
    (tmp_path / "chat.log").touch()
    assert isinstance(open_source(IrcChat(channel="arcade"), CLOCK), IrcSource)
    assert isinstance(open_source(LogChat(file=tmp_path / "chat.log"), CLOCK), LogSource)
    assert isinstance(open_source(TerminalChat(), CLOCK), TerminalSource)


def test_a_token_in_the_environment_needs_the_nick_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_TOKEN", " oauth:abc\n")
    with pytest.raises(SourceError, match="nick"):
        open_source(IrcChat(channel="arcade", token_env="OUR_TOKEN"), CLOCK)
    open_source(IrcChat(channel="arcade", nick="bot", token_env="OUR_TOKEN"), CLOCK)
    monkeypatch.setenv("OUR_TOKEN", "")
    open_source(IrcChat(channel="arcade", token_env="OUR_TOKEN"), CLOCK)


def test_a_token_file_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_TOKEN", "not a token at all")
    file = tmp_path / "token"
    file.write_text("abc\n")
    file.chmod(0o600)
    chat = IrcChat(channel="arcade", nick="bot", token_file=file, token_env="OUR_TOKEN")
    open_source(chat, CLOCK)
    file.write_text("\n")
    with pytest.raises(SourceError, match="empty"):
        open_source(chat, CLOCK)
    file.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        open_source(chat, CLOCK)
