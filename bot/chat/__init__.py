"""Where chat comes from: one file per source, and the one list of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot.chat.error import SourceError
from bot.chat.irc_source import IrcSource
from bot.chat.line import ChatSource
from bot.chat.log import LogSource
from bot.chat.several import SeveralSources
from bot.chat.terminal import TerminalSource
from config.chats import Chat, EventSubChat, IrcChat, LogChat, TerminalChat, TwitchChat
from tunnel.wallclock import WallClock

if TYPE_CHECKING:
    from bot.chat.eventsub_source import EventSubSource

__all__ = ["SourceError", "open_source"]

# A token is 30 characters; a file that goes on past this is something else.
MAX_TOKEN_FILE = 4096


def open_source(chat: Chat, clock: WallClock) -> ChatSource:
    """The source the configuration names. Raises SourceError with a sentence for the person who wrote it."""
    if isinstance(chat, EventSubChat):
        return _eventsub(chat, clock)
    if isinstance(chat, TwitchChat):
        # Whoever may write comes first; IRC reads as nobody in particular, which no lost login can end.
        irc = IrcSource(chat.irc_url, chat.channel, shared_chat=chat.shared_chat, clock=clock)
        eventsub = _eventsub(chat, clock)
        return SeveralSources({"EventSub": eventsub, "IRC": irc}, clock, eventsub.is_ours)
    if isinstance(chat, LogChat):
        return LogSource(chat.file, chat.speed, clock)
    if isinstance(chat, TerminalChat):
        return TerminalSource(chat.name, clock)
    return IrcSource(chat.url, chat.channel, chat.nick, _token(chat), chat.shared_chat, clock)


def _eventsub(chat: EventSubChat | TwitchChat, clock: WallClock) -> EventSubSource:
    # Here and not above: what it needs costs every other source a fifth of a second and 20 MB.
    from bot.chat.eventsub_source import EventSubSource

    return EventSubSource(
        chat.channel,
        chat.login,
        chat.shared_chat,
        clock,
        api_url=chat.api_url,
        id_url=chat.id_url,
        socket_url=chat.socket_url,
    )


def _token(chat: IrcChat) -> str | None:
    """From the file, else from the environment, else none at all."""
    if chat.token_file is None:
        return os.environ.get(chat.token_env, "").strip() or None
    try:
        with chat.token_file.open(encoding="utf-8") as file:
            token = file.read(MAX_TOKEN_FILE).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The chat token in {chat.token_file} cannot be read: {error}.") from error
    if not token:
        raise SourceError(f"The chat token file {chat.token_file} is empty.")
    return token
