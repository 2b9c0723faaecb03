from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.chat import SourceError, open_source
from bot.chat.eventsub_source import EventSubSource
from bot.chat.irc_source import IrcSource
from bot.chat.log import LogSource
from bot.chat.several import SeveralSources
from bot.chat.terminal import TerminalSource
from bot.chat.tokens import Login, Tokens, write
from config.chats import EventSubChat, IrcChat, LogChat, TerminalChat, TwitchChat
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


def test_twitch_s_sources_need_a_login_that_can_be_read(tmp_path: Path) -> None:
    login = tmp_path / "twitch.login"
    with pytest.raises(SourceError, match="does not exist"):
        open_source(TwitchChat(channel="arcade", login=login), CLOCK)
    write(login, Login("ourclient", "7", "arcade", Tokens("access", "refresh")))
    assert isinstance(open_source(EventSubChat(channel="arcade", login=login), CLOCK), EventSubSource)
    assert isinstance(open_source(TwitchChat(channel="arcade", login=login), CLOCK), SeveralSources)


def test_who_does_not_log_in_does_not_pay_for_it() -> None:
    """twitchio and aiohttp take a fifth of a second and 20 MB."""
    code = "import bot.chat, sys; sys.exit(any(name in sys.modules for name in ('twitchio', 'aiohttp')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
