"""The lines Twitch's chat servers write, tag by tag, for the local one. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache

from config.levels import Level

SERVER = "tmi.twitch.tv"

# What the tags say of each level: badges, badge-info, mod, subscriber, user-type. A VIP has one tag more.
_STANDING = {
    Level.VIEWER: ("", "", "0", "0", ""),
    Level.SUBSCRIBER: ("subscriber/12", "subscriber/14", "0", "1", ""),
    Level.VIP: ("vip/1", "", "0", "0", ""),
    Level.MODERATOR: ("moderator/1,subscriber/12", "subscriber/22", "1", "1", "mod"),
    Level.BROADCASTER: ("broadcaster/1,subscriber/0", "subscriber/35", "0", "1", ""),
}
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\:", " ": "\\s", "\r": "\\r", "\n": "\\n"})


def account_number(login: str) -> str:
    """The `user-id` of this login, and the `room-id` of its channel: nine digits, always the same ones."""
    return str(100_000_000 + zlib.crc32(login.lower().encode()) % 900_000_000)


def privmsg(
    channel: str,
    user: str,
    text: str,
    *,
    id: str,
    sent_ms: int,
    level: Level,
    extra: Mapping[str, str] | None = None,
) -> str:
    """A chat line with the tags of 2026. `extra` adds tags or overwrites them."""
    if not extra:
        before_id, before_time, end = _frame(channel, user, level)
        return f"{before_id}{id}{before_time}{sent_ms}{end}{text}"
    tags = {**_tags(channel, user, level), "id": id, "tmi-sent-ts": str(sent_ms), **extra}
    return f"{_tagged(tags)} {_source(user)} PRIVMSG #{channel} :{text}"


def clear_user(channel: str, user: str, *, sent_ms: int, seconds: int | None) -> str:
    """A time-out, or a ban where `seconds` is None."""
    tags = {
        "room-id": account_number(channel),
        "target-user-id": account_number(user),
        "tmi-sent-ts": str(sent_ms),
    }
    if seconds is not None:
        tags = {"ban-duration": str(seconds), **tags}
    return f"{_tagged(tags)} :{SERVER} CLEARCHAT #{channel} :{user.lower()}"


def clear_chat(channel: str, *, sent_ms: int) -> str:
    """A moderator emptied the chat."""
    tags = {"room-id": account_number(channel), "tmi-sent-ts": str(sent_ms)}
    return f"{_tagged(tags)} :{SERVER} CLEARCHAT #{channel}"


def delete_message(channel: str, user: str, text: str, *, id: str, sent_ms: int) -> str:
    """A moderator removed one message."""
    tags = {"login": user.lower(), "room-id": "", "target-msg-id": id, "tmi-sent-ts": str(sent_ms)}
    return f"{_tagged(tags)} :{SERVER} CLEARMSG #{channel} :{text}"


def welcome(nick: str) -> list[str]:
    """What follows an accepted NICK."""
    greetings = {"001": "Welcome, GLHF!", "002": f"Your host is {SERVER}", "003": "This server is rather new"}
    greetings |= {
        "004": "-",
        "375": "-",
        "372": "You are in a maze of twisty passages, all alike.",
        "376": ">",
    }
    return [f":{SERVER} {number} {nick} :{text}" for number, text in greetings.items()]


def joined(channel: str, nick: str) -> list[str]:
    """What whoever joins is told, without the room's state."""
    here = f"{nick}.{SERVER}"
    return [
        f"{_source(nick)} JOIN #{channel}",
        f":{here} 353 {nick} = #{channel} :{nick}",
        f":{here} 366 {nick} #{channel} :End of /NAMES list",
    ]


def room_state(channel: str) -> str:
    """The channel's rules: none."""
    tags = {"emote-only": "0", "followers-only": "-1", "r9k": "0", "room-id": account_number(channel)}
    return f"{_tagged({**tags, 'slow': '0', 'subs-only': '0'})} :{SERVER} ROOMSTATE #{channel}"


def membership(channel: str, nick: str, command: str) -> str:
    """Somebody came (JOIN) or went (PART)."""
    return f"{_source(nick)} {command} #{channel}"


def user_state(channel: str, user: str, level: Level) -> str:
    """Twitch's answer to the author of a line, in place of an echo."""
    badges, info, mod, subscriber, kind = _STANDING[level]
    tags = {"badge-info": info, "badges": badges, "color": "", "display-name": user, "emote-sets": "0"}
    tags |= {"mod": mod, "subscriber": subscriber, "user-type": kind}
    return f"{_tagged(tags)} :{SERVER} USERSTATE #{channel}"


def notice(channel: str, id: str, text: str) -> str:
    """Twitch's word to one account, for programs (`id`) and for people."""
    return f"@msg-id={id} :{SERVER} NOTICE #{channel} :{text}"


def reply_tags(id: str, user: str, text: str) -> dict[str, str]:
    """What a line carries that answers another one: that line's id, author and text."""
    return {
        "reply-parent-display-name": user,
        "reply-parent-msg-body": text,
        "reply-parent-msg-id": id,
        "reply-parent-user-id": account_number(user),
        "reply-parent-user-login": user.lower(),
    }


def without_tags(line: str) -> str:
    """The line as a client sees it that did not ask for tags."""
    return line.partition(" ")[2] if line.startswith("@") else line


@lru_cache(maxsize=4096)
def _frame(channel: str, user: str, level: Level) -> tuple[str, str, str]:
    """Everything of a plain line but id, time and text: writing ten thousand a second must be cheap."""
    written = _tagged({**_tags(channel, user, level), "id": "\x00", "tmi-sent-ts": "\x00"})
    before_id, before_time, end = written.split("\x00")
    return before_id, before_time, f"{end} {_source(user)} PRIVMSG #{channel} :"


def _tags(channel: str, user: str, level: Level) -> dict[str, str]:
    badges, info, mod, subscriber, kind = _STANDING[level]
    number = account_number(user)
    tags = {
        "badge-info": info,
        "badges": badges,
        "client-nonce": f"{int(number):032x}",
        "color": f"#{int(number) % 0xFFFFFF:06X}",
        "display-name": user,
        "emotes": "",
        "first-msg": "0",
        "flags": "",
        "id": "",
        "mod": mod,
        "returning-chatter": "0",
        "room-id": account_number(channel),
        "subscriber": subscriber,
        "tmi-sent-ts": "",
        "turbo": "0",
        "user-id": number,
        "user-type": kind,
    }
    return {**tags, "vip": "1"} if level is Level.VIP else tags


def _tagged(tags: Mapping[str, str]) -> str:
    return "@" + ";".join(f"{key}={value.translate(_ESCAPES)}" for key, value in tags.items())


def _source(user: str) -> str:
    login = user.lower()
    return f":{login}!{login}@{login}.{SERVER}"
