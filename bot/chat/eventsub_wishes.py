"""What we ask Twitch to tell us about, and what is said of what it refuses. Pure.

Source: dev.twitch.tv/docs/eventsub/eventsub-subscription-types. Cheers are not among them: the chat message
that carries one says so itself, and one of them must not count twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.chat.eventsub_words import LOGIN_COMMAND

READ_CHAT: Final = "user:read:chat"
WRITE_CHAT: Final = "user:write:chat"
READ_REWARDS: Final = "channel:read:redemptions"
READ_SUBSCRIPTIONS: Final = "channel:read:subscriptions"
SEE_BANS: Final = "channel:moderate"

# What `login` asks for: nothing that could change a channel.
SCOPES: Final = {
    READ_CHAT: "read the chat",
    WRITE_CHAT: "write into the chat",
    READ_REWARDS: "see redeemed channel points",
    READ_SUBSCRIPTIONS: "see subscriptions",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One subscription.

    as_reader  its condition names who reads, too
    what       for people, plural
    scope      what the login must allow
    optional   not even asked for without that scope: something else tells nearly the same
    """

    type: str
    what: str
    scope: str
    as_reader: bool = False
    version: str = "1"
    optional: bool = False

    def condition(self, channel_id: str, reader_id: str) -> dict[str, str]:
        """As Twitch wants it."""
        both = {"broadcaster_user_id": channel_id, "user_id": reader_id}
        return both if self.as_reader else {"broadcaster_user_id": channel_id}


# The one without which there is no chat; it is asked for first.
CHAT: Final = Wish("channel.chat.message", "chat lines", READ_CHAT, as_reader=True)
# In the order of what is missed most: Twitch closes a session that asks for nothing within 10 s.
OTHERS: Final = (
    Wish("channel.chat.message_delete", "deleted lines", READ_CHAT, as_reader=True),
    Wish("channel.chat.clear_user_messages", "bans and time-outs", READ_CHAT, as_reader=True),
    Wish("channel.chat.clear", "an emptied chat", READ_CHAT, as_reader=True),
    Wish("channel.channel_points_custom_reward_redemption.add", "redeemed rewards", READ_REWARDS),
    Wish("channel.subscribe", "new subscriptions", READ_SUBSCRIPTIONS),
    Wish("channel.subscription.message", "renewed subscriptions", READ_SUBSCRIPTIONS),
    Wish("channel.subscription.gift", "given subscriptions", READ_SUBSCRIPTIONS),
    Wish("channel.ban", "bans of people who never wrote", SEE_BANS, optional=True),
)


def worth_asking(scopes: frozenset[str]) -> tuple[Wish, ...]:
    """All but the optional ones this login does not allow."""
    return tuple(wish for wish in OTHERS if not wish.optional or wish.scope in scopes)


def refusal(refused: Sequence[Wish], scopes: frozenset[str], *, is_streamer: bool) -> str:
    """One sentence for everything Twitch would not tell this login. is_streamer: the channel is its own."""
    listed = ", ".join(wish.what for wish in refused)
    missing = sorted({wish.scope for wish in refused} - scopes)
    if missing:
        advice = f"the login lacks {' and '.join(missing)}; run `{LOGIN_COMMAND}` again"
    elif is_streamer:
        advice = "the channel does not have them"
    else:
        advice = f"only the streamer's own account may see them; run `{LOGIN_COMMAND}` as the streamer"
    return f"Twitch does not tell this login about {listed}: {advice}. Everything else works."


def what_is(type: str) -> str:
    """For people."""
    return next((wish.what for wish in (CHAT, *OTHERS) if wish.type == type), type)
