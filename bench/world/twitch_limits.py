"""How fast Twitch lets an account write, for the local chat server. Pure.

Written from Twitch's side and on its own: the bot's figures (bot.chat.limits) are not looked at here, so that
a test which plays both against each other tests something. Sources: dev.twitch.tv/docs/chat, "Rate limits";
github.com/pajbot/tmi-rate-limits. Twitch refills its buckets every 30 s, at moments nobody knows; whoever
keeps the limit in every window of 30 s keeps it whenever they are.
"""

from __future__ import annotations

import enum
from collections import Counter, deque
from typing import Final

WINDOW_MS: Final = 30_000.0
MOST_OF_A_VIEWER: Final = 20
MOST_OF_A_MODERATOR: Final = 100
GAP_MS: Final = 1_000.0


class Fate(enum.Enum):
    """What becomes of a line."""

    SHOWN = "shown"
    TOO_MANY = "too_many"  # not shown, and nobody is told
    TOO_QUICK = "msg_ratelimit"
    DUPLICATE = "msg_duplicate"


class Account:
    """What one account wrote lately in one channel.

    counters  what became of its lines, by the names of Fate
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._tried_ms: deque[float] = deque()
        self._shown_ms = -WINDOW_MS
        self._shown = ""

    def writes(self, text: str, now: float, *, trusted: bool) -> Fate:
        """Whether this line is shown. `trusted`: a moderator, a VIP or the broadcaster.

        Lines that are not shown count against the window, too.
        """
        while self._tried_ms and now - self._tried_ms[0] >= WINDOW_MS:
            self._tried_ms.popleft()
        if len(self._tried_ms) >= MOST_OF_A_MODERATOR:
            fate = Fate.TOO_MANY
        else:
            self._tried_ms.append(now)
            fate = Fate.SHOWN if trusted else self._judge(text, now)
        if fate is Fate.SHOWN:
            self._shown, self._shown_ms = text, now
        self.counters[fate.value] += 1
        return fate

    def _judge(self, text: str, now: float) -> Fate:
        if len(self._tried_ms) > MOST_OF_A_VIEWER:
            return Fate.TOO_MANY
        if now - self._shown_ms < GAP_MS:
            return Fate.TOO_QUICK
        if text == self._shown and now - self._shown_ms < WINDOW_MS:
            return Fate.DUPLICATE
        return Fate.SHOWN
