"""Moderators are heard before what they moderate: lines that come after their own deletion, or ban. Pure.

Two sources, or two subscriptions of one, promise no order between them. A line that was deleted before it
arrived would be played, with nobody left to take it back.
"""

from __future__ import annotations

from typing import Final

from bot.chat.seen import Recent

# How much later one way into the chat may be than another, a reconnect included.
LATE_MS: Final = 30_000.0
# A ban is about what was written before it. Nobody tells when that was, so this long after counts as before:
# nobody writes a line this soon after even the shortest time-out, which is one second.
AFTER_BAN_MS: Final = 1_000.0


class Retracted:
    """What was taken back lately, whether it has been seen or not."""

    def __init__(self) -> None:
        self._messages = Recent(age_ms=LATE_MS)
        self._users: dict[str, float] = {}

    def message(self, id: str, now: float) -> None:
        """This message was deleted."""
        self._messages.remember(id, "", now)

    def user(self, user: str, now: float) -> None:
        """This viewer was banned or timed out."""
        self._users = {who: at_ms for who, at_ms in self._users.items() if now - at_ms < AFTER_BAN_MS}
        self._users[user] = now

    def covers(self, id: str, user: str, now: float) -> bool:
        """Whether this message of this viewer, which comes only now, is among it."""
        if self._messages.get(id) is not None:
            return True
        banned_ms = self._users.get(user)
        return banned_ms is not None and now - banned_ms < AFTER_BAN_MS
