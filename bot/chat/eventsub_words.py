"""What Twitch's numbers and code words mean, in sentences for the streamer. Pure.

Sources: dev.twitch.tv/docs/eventsub/handling-websocket-events ("Close message", "Revocation message") and
dev.twitch.tv/docs/api/reference ("Send Chat Message").
"""

from __future__ import annotations

from typing import Final

from bot.chat.irc import Wait

# What makes a login; also said wherever one is needed again.
LOGIN_COMMAND: Final = "python3 run.py login"

CLOSE_CODES: Final[dict[int, str]] = {
    4000: "Twitch has an error of its own",
    4001: "Twitch says that we sent something, which its rules forbid; that is a fault of this program",
    4002: "Twitch asked whether we live and got no answer in time",
    4003: "nothing was subscribed to within 10 s",
    4004: "moving to the address that Twitch named took longer than 30 s",
    4005: "Twitch could not reach us in time",
    4006: "Twitch's network failed",
    4007: "Twitch no longer knows the address it sent us to",
}

# Why a subscription was taken back, and whether logging in again mends it.
REVOCATIONS: Final[dict[str, str]] = {
    "user_removed": "the account, or the channel, no longer exists",
    "authorization_revoked": "the permission was withdrawn, or the password changed; "
    f"run `{LOGIN_COMMAND}` again",
    "version_removed": "Twitch no longer offers it in this form; a newer version of this program is needed",
    "moderator_removed": "the account is no longer a moderator here",
    "chat_user_banned": "the account is banned in this chat",
}

# Why Twitch did not show a line of ours. Others are told in Twitch's own words.
DROPS: Final[dict[str, str]] = {
    "msg_duplicate": "it is the same as the last one",
    "msg_rejected": "AutoMod holds it until a moderator has looked",
    "msg_rejected_mandatory": "AutoMod refuses it",
    "msg_ratelimit": "too many lines at once",
    "msg_slowmode": "the chat is in slow mode",
    "msg_subsonly": "only subscribers may write",
    "msg_emoteonly": "only emotes may be written",
    "msg_followersonly": "only followers may write",
    "msg_banned": "the account is banned here",
    "msg_timedout": "the account is timed out here",
}


def closed_because(code: int | None) -> str:
    """In the middle of a sentence; None is a connection that broke without a word."""
    if code is None or code in (1000, 1001, 1006):
        return "the connection was closed"
    return f"{CLOSE_CODES.get(code, 'the connection was closed')} (close code {code})"


def wait_after(code: int | None) -> Wait:
    """What is our own fault mends itself least: it is tried again seldom."""
    return Wait.SLOWLY if code == 4001 else Wait.BACK_OFF


def revoked_because(status: str) -> str:
    """In the middle of a sentence."""
    return REVOCATIONS.get(status, f"Twitch calls it {status or 'revoked'}")


def dropped_because(code: str, message: str) -> str:
    """In the middle of a sentence."""
    return DROPS.get(code) or message or code or "Twitch does not say why"
