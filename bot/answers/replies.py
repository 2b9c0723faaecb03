"""What the bot wants to say, at the pace the chat allows: a bounded queue of lines. Pure.

    push -> waits, by importance -> handle_timeout gives what may leave now
                                 -> or it is dropped: too old, or the queue is full of better ones

Law of use: after `push`, after `set_limits`, and when `next_timeout` has come, call `handle_timeout` and send
what it gives. Earlier is harmless. Every time is milliseconds on the program's clock.
"""

from __future__ import annotations

import enum
import heapq
import math
from collections import Counter, deque
from itertools import count
from typing import Final, NamedTuple

from bot.chat.limits import AS_VIEWER, SendingLimits

# In this time chat has moved on: an answer to what nobody remembers is noise.
STALE_MS: Final = 10_000.0
# At a line every 1.2 s eight leave before they are stale; the rest is room for a burst of one turn.
MOST_WAITING: Final = 64


class Priority(enum.IntEnum):
    """What is said first. The least important are dropped first, too."""

    HINT = 0  # what was wrong with an input
    ANSWER = 1  # what a viewer asked for
    ORDER = 2  # what a moderator did


# How much of the window each may fill. A moderator who pauses the game gets the answer even after half a
# minute in which everybody asked for help.
_SHARES: Final = {Priority.HINT: 0.5, Priority.ANSWER: 0.8, Priority.ORDER: 1.0}


class Reply(NamedTuple):
    """A line to say: `to` is the id of the message it answers, or empty. The chat adds whom it is for."""

    text: str
    priority: Priority = Priority.ANSWER
    to: str = ""


class Replies:
    """The lines that wait, the most important and among equals the newest first.

    counters  said, stale, crowded_out (the queue was full), varied
    """

    def __init__(self, limits: SendingLimits = AS_VIEWER) -> None:
        self.counters: Counter[str] = Counter()
        self._limits = limits
        self._waiting: list[_Waiting] = []
        self._said: deque[_Said] = deque()
        self._order = count()

    def __len__(self) -> int:
        """How many lines wait."""
        return len(self._waiting)

    def set_limits(self, limits: SendingLimits) -> None:
        """The account's standing has changed. What was said lately counts under the new limits, too."""
        self._limits = limits

    def push(self, reply: Reply, now: float) -> None:
        """Takes a line. If too many wait, the least important goes, the oldest of those."""
        heapq.heappush(self._waiting, _Waiting(-reply.priority, -next(self._order), now, reply))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.remove(max(self._waiting))
            heapq.heapify(self._waiting)
            self.counters["crowded_out"] += 1

    def handle_timeout(self, now: float) -> list[Reply]:
        """What is to be said now, in order."""
        self._drop_stale(now)
        self._forget(now)
        leaving: list[Reply] = []
        while self._waiting and self._may_leave_ms(self._waiting[0].reply.priority) <= now:
            reply = heapq.heappop(self._waiting).reply
            if self._limits.lines:
                reply = self._unlike_the_last(reply, now)
                self._said.append(_Said(now, reply.text))
            leaving.append(reply)
        self.counters["said"] += len(leaving)
        return leaving

    def next_timeout(self) -> float | None:
        """When the next line may leave, None if none waits."""
        if not self._waiting:
            return None
        first = self._waiting[0]
        return max(first.since_ms, self._may_leave_ms(first.reply.priority))

    def _may_leave_ms(self, priority: Priority) -> float:
        """From when on a line of this importance keeps every limit. Whoever is more important is earlier."""
        limits = self._limits
        if not limits.lines or not self._said:
            return -math.inf
        may_ms = self._said[-1].at_ms + limits.gap_ms
        allowed = max(1, int(limits.lines * _SHARES[priority]))
        if len(self._said) >= allowed:
            may_ms = max(may_ms, self._said[-allowed].at_ms + limits.window_ms)
        return may_ms

    def _drop_stale(self, now: float) -> None:
        fresh = [waiting for waiting in self._waiting if now - waiting.since_ms <= STALE_MS]
        if len(fresh) < len(self._waiting):
            self.counters["stale"] += len(self._waiting) - len(fresh)
            heapq.heapify(fresh)
            self._waiting = fresh

    def _forget(self, now: float) -> None:
        """What was said so long ago that no limit asks for it."""
        limits = self._limits
        while self._said and now - self._said[0].at_ms >= max(limits.window_ms, limits.repeat_ms):
            self._said.popleft()

    def _unlike_the_last(self, reply: Reply, now: float) -> Reply:
        """The same without its full stop, or with a number, where the same line was said a moment ago.

        Invisible characters would do until Twitch or a moderation bot takes them out, as both have done.
        """
        said = {line.text for line in self._said if now - line.at_ms < self._limits.repeat_ms}
        if reply.text not in said:
            return reply
        self.counters["varied"] += 1
        bare = reply.text.removesuffix(".")
        number = 2
        while bare in said:
            bare = f"{reply.text} ({number})"
            number += 1
        return reply._replace(text=bare)


class _Waiting(NamedTuple):
    """Sorts as it leaves: the important first, then the newest. No two have the same order."""

    importance: int
    order: int
    since_ms: float
    reply: Reply


class _Said(NamedTuple):
    at_ms: float
    text: str
