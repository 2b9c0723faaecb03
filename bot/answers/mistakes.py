"""When a mistyped input is answered: now and then, so that chat learns, and never so that it drowns. Pure.

The grammar has already told an input with a mistake in it from talk. What is quoted of it stood in the chat a
moment ago, under the viewer's own name and past Twitch's own filters.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Final, NamedTuple

from bot.answers.replies import Priority, Reply
from bot.chat.line import ChatLine
from bot.chat.sayable import sayable
from bot.grammar import Refused
from tunnel.bucket import TokenBucket

# Long enough to read the answer and try again; who still mistypes has seen how it is meant.
USER_EVERY_MS: Final = 30_000.0
# Six in half a minute, when an ordinary account may write 20 lines: the rest is for who asked for something.
EVERYBODY_EVERY_S: Final = 5.0
EVERYBODY_BURST: Final = 2
# The same mistake again is no news to the same viewer, until it is long gone from the screen.
SAME_AGAIN_MS: Final = 600_000.0
# Who is forgotten may get an answer early: at one in 5 s, that takes more than an hour of others' mistakes.
MOST_USERS: Final = 1_000
# A line of chat is read at a glance or not at all.
LONGEST_ANSWER: Final = 200


class Mistakes:
    """Decides which mistakes are answered.

    counters  answered, and what was not: user_limit, repeated, global_limit
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._everybody = TokenBucket(1 / EVERYBODY_EVERY_S, EVERYBODY_BURST)
        self._users: OrderedDict[str, _Answered] = OrderedDict()

    def __len__(self) -> int:
        """How many viewers are remembered."""
        return len(self._users)

    def answer(self, line: ChatLine, why: str, now: float) -> Reply | None:
        """The answer to a line that was meant as an input, or None. `why` is what `wording` gives."""
        reason = self._reason_for_silence(line.user, why, now)
        if reason:
            self.counters[reason] += 1
            return None
        self.counters["answered"] += 1
        self._users[line.user] = _Answered(now, why)
        self._users.move_to_end(line.user)
        if len(self._users) > MOST_USERS:
            self._users.popitem(last=False)
        return Reply(sayable(why, LONGEST_ANSWER), Priority.HINT, line.id)

    def _reason_for_silence(self, user: str, why: str, now: float) -> str:
        last = self._users.get(user)
        if last is not None and now - last.at_ms < USER_EVERY_MS:
            return "user_limit"
        if last is not None and why == last.why and now - last.at_ms < SAME_AGAIN_MS:
            return "repeated"
        return "" if self._everybody.take(now) else "global_limit"


def wording(refused: Refused) -> str:
    """What is wrong, as a viewer is told: `character 5: unknown unit "q"; use ms or s`."""
    return f"character {refused.at}: {refused.error}"


class _Answered(NamedTuple):
    at_ms: float
    why: str
