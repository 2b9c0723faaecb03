"""How long the chat source waits before it connects again. Pure."""

from __future__ import annotations

from bot.chat.irc import Wait

# A dropped link is usually back at once; Twitch allows 20 logins in 10 s, so a first wait of a quarter second
# is far from any limit. Half a minute is the longest a streamer should stare at a dead chat.
FIRST_MS = 500.0
LONGEST_MS = 30_000.0
# A refused login mends itself only by hand.
SLOWLY_MS = 60_000.0
# A connection that lived this long was a good one: what comes after it starts from scratch. It also bounds
# how often a server may order us to reconnect at once.
STEADY_MS = 10_000.0


class Patience:
    """Exponential waits, jittered, that start over after a connection that lasted."""

    def __init__(self) -> None:
        self._failures = 0
        self._at_once_ms = float("-inf")

    def wait_ms(self, wait: Wait, *, now: float, lived_ms: float, draw: float) -> float:
        """Milliseconds until the next try.

        lived_ms  how long the connection that needs a successor was open; 0 if it never was
        draw      a random number in [0, 1): half of every wait is jitter, so that the clients of a chat
                  server that comes back do not come back in step
        """
        if wait is Wait.AT_ONCE and now - self._at_once_ms >= STEADY_MS:
            self._at_once_ms = now
            return 0.0
        if lived_ms >= STEADY_MS:
            self._failures = 0
        longest = (
            SLOWLY_MS if wait is Wait.SLOWLY else min(LONGEST_MS, FIRST_MS * 2.0 ** min(self._failures, 16))
        )
        self._failures += 1
        return longest * (0.5 + draw / 2)
