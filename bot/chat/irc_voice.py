"""What we say in one Twitch channel over IRC, and what Twitch makes of it. Pure.

One voice outlives the connections it is heard through, as the room does: what was told once stays told.
Sources: dev.twitch.tv/docs/chat/irc, "NOTICE message IDs"; github.com/pajbot/tmi-rate-limits.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import Final

from bot.chat.irc_message import Message, read_tags
from bot.chat.irc_room import level_of
from bot.chat.limits import AS_MODERATOR, AS_VIEWER, SendingLimits
from bot.chat.sayable import sayable
from config.levels import Level

# Twitch's ids of messages. Others are ours, for lines that came without one.
_MESSAGE_ID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# Why Twitch did not show a line: what moderators, VIPs and the broadcaster are free of, and what nobody is.
_CURED_BY_STANDING: Final = {
    "msg_duplicate": "it was the same as the one before",
    "msg_ratelimit": "it came too soon after the one before",
    "msg_slowmode": "the chat is in slow mode",
    "msg_followersonly": "only followers may write there",
    "msg_followersonly_followed": "only those may write there who have followed for a while",
    "msg_followersonly_zero": "only followers may write there",
    "msg_subsonly": "only subscribers may write there",
    "msg_emoteonly": "only emotes may be written there",
    "msg_r9k": "the chat takes no line twice",
    "msg_rejected": "AutoMod holds it for the moderators to look at",
    "msg_requires_verified_phone_number": "only accounts with a verified phone number may write there",
    "msg_verified_email": "only accounts with a verified e-mail address may write there",
}
_CURED_OTHERWISE: Final = {
    "msg_rejected_mandatory": "it holds a word that the channel has blocked",
    "msg_banned": "the bot's account is banned there",
    "msg_timedout": "the bot's account is timed out there",
    "msg_suspended": "the bot's account is suspended",
    "msg_channel_blocked": "the bot's account has been blocked by the channel or has blocked it",
    "no_permission": "the bot's account has no permission",
}

log = logging.getLogger(__name__)


class IrcVoice:
    """Writes lines, and understands the answers.

    nick     whose account it is
    limits   how fast it may write, by its standing in the channel as last told
    counters gets notice_<what> for each of Twitch's complaints
    """

    def __init__(self, channel: str, nick: str, counters: Counter[str]) -> None:
        self.limits: SendingLimits = AS_VIEWER
        self.counters = counters
        self._channel = channel
        self._nick = nick
        self._told: set[str] = set()

    def line(self, text: str, reply_to: str) -> str:
        """The line of IRC that says this, or an empty text if there is nothing left to say.

        As an answer it is shown under the line it answers, and Twitch puts `@name` in front by itself.
        """
        said = sayable(text)
        tag = f"@reply-parent-msg-id={reply_to} " if _MESSAGE_ID.fullmatch(reply_to) else ""
        return f"{tag}PRIVMSG #{self._channel} :{said}" if said else ""

    def hear(self, message: Message) -> None:
        """What Twitch says to us about ourselves in this channel: USERSTATE and NOTICE."""
        tags = read_tags(message.tags)
        if message.command == "USERSTATE":
            self.limits = AS_MODERATOR if level_of(tags) >= Level.VIP else AS_VIEWER
        elif message.command == "NOTICE":
            self._hear_notice(tags.get("msg-id", ""))

    def _hear_notice(self, kind: str) -> None:
        why = _CURED_BY_STANDING.get(kind) or _CURED_OTHERWISE.get(kind)
        if why is None:
            self.counters["notice_other"] += 1
            return
        self.counters[f"notice_{kind}"] += 1
        if kind in self._told:
            return
        self._told.add(kind)
        cure = f" Moderators are exempt: /mod {self._nick} helps." if kind in _CURED_BY_STANDING else ""
        log.warning("An answer of the bot was not shown in #%s: %s.%s", self._channel, why, cure)
