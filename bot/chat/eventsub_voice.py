"""Lines on their way into the chat: a short queue, and what becomes of each. For one event loop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from bot.chat.eventsub_wishes import WRITE_CHAT
from bot.chat.eventsub_words import LOGIN_COMMAND, dropped_because
from bot.chat.helix import Sent
from bot.chat.helix_answer import HelixError, LoginLostError
from bot.chat.sayable import sayable
from tunnel.wallclock import WallClock

log = logging.getLogger(__name__)

# Twitch takes 20 lines in 30 s, and whoever calls keeps to that: more wait only while Twitch is slow.
MOST_WAITING: Final = 20
# An answer that comes later is one to a question nobody remembers.
LATEST_MS: Final = 10_000.0

Send = Callable[[str, str], Awaitable[Sent]]


class _Line(NamedTuple):
    text: str
    reply_to: str
    late_ms: float


class Voice:
    """Says lines one after another. What cannot be said is counted, and each reason is told once.

    allowed   whether the login lets us write at all
    """

    def __init__(self, counters: Counter[str], clock: WallClock) -> None:
        self.allowed = False
        self._counters = counters
        self._clock = clock
        self._waiting: deque[_Line] = deque()
        self._something = asyncio.Event()
        self._told: set[str] = set()

    def say(self, text: str, reply_to: str = "") -> None:
        """Never waits and never raises."""
        line = sayable(text)
        if not line or not self.allowed:
            self._counters["unsayable"] += 1
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._counters["say_shed"] += 1
        self._waiting.append(_Line(line, reply_to, self._clock.now() + LATEST_MS))
        self._something.set()

    async def run(self, send: Send) -> None:
        """Until cancelled."""
        while True:
            await self._something.wait()
            if not self._waiting:
                self._something.clear()
                continue
            line = self._waiting.popleft()
            if self._clock.now() > line.late_ms:
                self._counters["say_late"] += 1
                continue
            await self._try(send, line)

    async def _try(self, send: Send, line: _Line) -> None:
        try:
            sent = await send(line.text, line.reply_to)
        except (HelixError, LoginLostError) as error:
            self._counters["say_failed"] += 1
            if isinstance(error, HelixError) and error.status in (401, 403):
                self.allowed = False
                lack = f"the login lacks {WRITE_CHAT}, or is banned there; run `{LOGIN_COMMAND}` again"
                self._tell(f"The bot can no longer write into the chat: {lack}.")
            else:
                self._tell(f"A line could not be sent: {str(error).rstrip('.')}.")
            return
        if sent.is_sent:
            self._counters["said"] += 1
            return
        self._counters["say_dropped"] += 1
        self._tell(f"Twitch did not show a line of ours: {dropped_because(sent.code, sent.message)}.")

    def _tell(self, sentence: str) -> None:
        """Once each; there are not many, and no end of them is remembered."""
        if sentence not in self._told and len(self._told) < MOST_WAITING:
            self._told.add(sentence)
            log.warning("%s", sentence)
