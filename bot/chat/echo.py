"""Our own lines, which the chat shows us like everybody's: an answer is no input. Pure.

The account may be the streamer's, who plays too: so it is not the account that tells, but what was just said.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from bot.chat.line import ChatLine
from config.levels import Level

# Twitch shows a line within a second; a streamer who types the very words of an answer waits this long.
LASTS_MS: Final = 10_000.0
# More than Twitch lets anybody write in that time.
MOST: Final = 64


class Echo:
    """What we said lately.

    user   our account's number; empty while nobody is logged in, or where only the name is known
    login  its name; the same
    level  our standing in the channel, as our last line showed it
    """

    def __init__(self) -> None:
        self.user = ""
        self.login = ""
        self.level = Level.VIEWER
        self._said: deque[tuple[str, float]] = deque(maxlen=MOST)

    def said(self, text: str, now: float) -> None:
        """This is about to be sent."""
        self._said.append((text, now + LASTS_MS))

    def is_ours(self, line: ChatLine, now: float) -> bool:
        """Whether this is a line of ours coming back. Twitch puts "@name " before an answer."""
        by_us = (self.user and line.user == self.user) or (self.login and line.login == self.login)
        if not by_us:
            return False
        _, _, behind = line.text.partition(" ") if line.text.startswith("@") else ("", "", "")
        if not any(text in (line.text, behind) and now <= until_ms for text, until_ms in self._said):
            return False
        self.level = line.level
        return True
