"""What the messages of one Twitch channel mean to us: lines, bans, deletions. Pure.

One room outlives the connections it is read through, so that its memory of message ids does too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bot.chat.echo import Echo
from bot.chat.irc_message import Message, read_tags, read_time, unescape
from bot.chat.line import ChatCleared, ChatEvent, ChatLine, MessageDeleted, UserCleared
from bot.chat.seen import Recent
from config.levels import Level

# Twitch's ids are UUIDs (36) and its accounts have numbers (10) or logins (25). A longer one is not kept:
# memories are bounded in number, so their entries must be bounded too.
MAX_ID = 64

# Highest first; a name matches a whole badge. A founder is a subscriber of the first hour.
_LEVEL_OF_BADGE = (
    (",broadcaster/", Level.BROADCASTER),
    (",moderator/", Level.MODERATOR),
    (",lead_moderator/", Level.MODERATOR),
    (",vip/", Level.VIP),
    (",subscriber/", Level.SUBSCRIBER),
    (",founder/", Level.SUBSCRIBER),
)
# The same said by a tag of its own, for whoever hides the badge.
_LEVEL_OF_TAG = (("mod", Level.MODERATOR), ("vip", Level.VIP), ("subscriber", Level.SUBSCRIBER))


class IrcRoom:
    """Turns the messages of one channel into chat events, each at most once.

    channel      the channel's login without '#', any case; None reads every channel (recorded chats)
    shared_chat  whether lines written in another channel count, which Shared Chat shows here too
    counters     what was dropped, and why
    echo         what we said ourselves: another connection of our account shows it to us
    """

    def __init__(self, channel: str | None, *, shared_chat: bool = False) -> None:
        self.channel = channel.lower() if channel else None
        self.counters: Counter[str] = Counter()
        self._target = f"#{self.channel}"
        self._shared_chat = shared_chat
        self.echo = Echo()
        self._seen = Recent()
        self._user_of_login = Recent()
        self._unnamed = 0
        self._moderation: dict[str, Callable[[Message, dict[str, str]], list[ChatEvent]]] = {
            "CLEARCHAT": self._cleared,
            "CLEARMSG": self._deleted,
        }

    def concerns(self, message: Message) -> bool:
        """Whether one of the parameters is this channel."""
        return self.channel is None or any(param.lower() == self._target for param in message.params)

    def events(self, message: Message, now: float) -> list[ChatEvent]:
        """What this message says, if it is one that says something to us."""
        if message.command == "PRIVMSG":
            line = self.line(message, now)
            return [] if line is None else [line]
        read = self._moderation.get(message.command)
        if read is None:
            return []
        if not self._is_here(message.params[:1]):
            self.counters["other_channel"] += 1
            return []
        return read(message, read_tags(message.tags))

    def line(self, message: Message, now: float) -> ChatLine | None:
        """The line a PRIVMSG carries, None if it does not count here. `now` is when it was in hand."""
        params = message.params
        if not self._is_here(params):
            self.counters["other_channel"] += 1
            return None
        tags = read_tags(message.tags)
        login = message.login
        user = tags.get("user-id") or login
        if len(params) < 2 or not user or len(user) > MAX_ID or len(login) > MAX_ID:
            self.counters["line_malformed"] += 1
            return None
        room = self._room_of(tags, params[0])
        if room is None or not self._is_new(tags, now):
            return None
        self._user_of_login.remember(login, user, now)
        heard = ChatLine(
            id=self._id_of(tags),
            user=user,
            name=unescape(tags.get("display-name") or login),
            level=level_of(tags),
            text=params[1],
            sent_ms=read_time(tags.get("tmi-sent-ts", "")),
            arrived_ms=now,
            room=room,
            login=login,
        )
        if self.echo.is_ours(heard, now):
            self.counters["echo"] += 1
            return None
        return heard

    def _is_here(self, params: list[str]) -> bool:
        if self.channel is None:
            return bool(params)
        return bool(params) and (params[0] == self._target or params[0].lower() == self._target)

    def _room_of(self, tags: dict[str, str], target: str) -> str | None:
        """Where it was written: this channel's login, another one's number, None if it does not count."""
        source = tags.get("source-room-id")
        if not source or source == tags.get("room-id"):
            return self.channel or target.lower().removeprefix("#")
        if not self._shared_chat:
            self.counters["foreign_room"] += 1
            return None
        if tags.get("source-only") == "1":  # meant for the other channel's chat alone
            self.counters["foreign_room"] += 1
            return None
        return source

    def _is_new(self, tags: dict[str, str], now: float) -> bool:
        """Under Shared Chat each copy of a line has an id of its own, but all have one `source-id`."""
        key = tags.get("source-id") or tags.get("id")
        if not key or len(key) > MAX_ID or self._seen.first_time(key, now):
            return True
        self.counters["duplicate"] += 1
        return False

    def _id_of(self, tags: dict[str, str]) -> str:
        given = tags.get("id")
        if given and len(given) <= MAX_ID:
            return given
        self._unnamed += 1
        return f"unnamed-{self._unnamed}"

    def _cleared(self, message: Message, tags: dict[str, str]) -> list[ChatEvent]:
        if self._is_foreign(tags):
            return []
        login = message.params[1].lower() if len(message.params) > 1 else ""
        account = tags.get("target-user-id")
        if not login and not account:
            return [ChatCleared()]
        # A ban names the account by number, by login or by both, and its lines may have come under either.
        users = {account or login, self._user_of_login.get(login) or account or login}
        return [UserCleared(user) for user in sorted(users) if len(user) <= MAX_ID]

    def _deleted(self, message: Message, tags: dict[str, str]) -> list[ChatEvent]:
        target = tags.get("target-msg-id")
        if self._is_foreign(tags):
            return []
        if not target or len(target) > MAX_ID:
            self.counters["line_malformed"] += 1
            return []
        return [MessageDeleted(target)]

    def _is_foreign(self, tags: dict[str, str]) -> bool:
        """Moderators of another channel rule over their own chat, unless that chat plays here."""
        source = tags.get("source-room-id")
        if not source or source == tags.get("room-id") or self._shared_chat:
            return False
        self.counters["foreign_room"] += 1
        return True


def level_of(tags: dict[str, str]) -> Level:
    """The highest level held in the channel we read; `source-badges` are of another one."""
    level = Level.VIEWER
    badges = tags.get("badges")
    if badges:
        listed = f",{badges}"
        level = next((level for badge, level in _LEVEL_OF_BADGE if badge in listed), level)
    for tag, said in _LEVEL_OF_TAG:
        if tags.get(tag) == "1" and said > level:
            level = said
    return level
