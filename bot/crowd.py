"""Who may act now: what moderators and the game forbid, and how much is whose share. Pure.

The order in which a line is judged, and why:

    1  silenced         about the person, whatever the line says
    2  restricted       about the person and the word
    3  locked           about the word, whoever types it: a lock is there because pressing it would hurt
    4  level            about the word and the person
    5  the viewer's rate  the first thing that is spent; so a flooder's lines end here at their own cost
    6  cool-downs       only looked at
    7  everybody's rate  spent
    8  cool-downs       begin

What forbids comes before what is used up, for a line that is forbidden shall cost nothing; and a viewer's
own comes before what all share, so that one who floods uses up nobody's share but their own. A line that 7
refuses begins no cool-down, and one that 6 refuses takes nothing of everybody's rate.

Moderators and the broadcaster: no cool-down holds them up, because whoever has to rescue a game must not wait
for it; everybody else's begins after them too, because that one is about the game. The rates hold for them,
because those protect the machine, and a key that got stuck has no badge. So do locks and restrictions:
whoever may press past a lock may as well open it, where everybody sees it.
"""

from __future__ import annotations

import enum
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.viewers.cooldowns import Cooldowns
from bot.viewers.restrictions import EVERY_WORD, Restrictions
from config.controllers import Move
from config.games import Game
from config.levels import Level
from tunnel.bucket import TokenBucket

# A viewer who is forgotten starts with a full bucket. With the default limits a bucket is full again after
# 2.5 s anyway, and 20,000 others must have spoken meanwhile: nothing to be gained. About 8 MB when full.
MOST_USERS: Final = 20_000


class Verdict(enum.Enum):
    """May this viewer play this line now, and if not, what is in the way?"""

    ADMITTED = "admitted"
    SILENCED = "silenced"
    RESTRICTED = "restricted"
    LOCKED = "locked"
    LEVEL = "level"
    USER_LIMIT = "user_limit"
    USER_COOLDOWN = "user_cooldown"
    BUTTON_COOLDOWN = "button_cooldown"
    GLOBAL_LIMIT = "global_limit"


class Judgement(NamedTuple):
    """What was decided of a line.

    word     the input that is in the way, as chat types it; empty where it is none in particular
    wait_ms  how long that lasts; 0 where nobody knows
    level    who may use the word, at least; None where that is not the question
    """

    verdict: Verdict
    word: str = ""
    wait_ms: float = 0.0
    level: Level | None = None


class Crowd:
    """Judges lines. A rate of 0 means that this limit does not exist.

    rules         the game in force; without one there are only rates and silence
    restrictions  moderators' own; whoever changes them does so there
    """

    def __init__(
        self,
        *,
        per_user_per_second: float,
        per_user_burst: float,
        global_per_second: float,
        global_burst: float,
        most_users: int = MOST_USERS,
        rules: Game | None = None,
        restrictions: Restrictions | None = None,
    ) -> None:
        self._per_second = per_user_per_second
        self._burst = per_user_burst
        self._everybody = TokenBucket(global_per_second, global_burst) if global_per_second > 0 else None
        self._most_users = most_users
        self._users: OrderedDict[str, TokenBucket] = OrderedDict()
        self._restrictions = Restrictions() if restrictions is None else restrictions
        self._cooldowns = Cooldowns()
        self._game: Game | None = None
        self._locked_by_hand: frozenset[Move] = frozenset()
        self._locked: frozenset[Move] = frozenset()
        if rules is not None:
            self.retune(rules)

    def __len__(self) -> int:
        """How many viewers' rates are remembered."""
        return len(self._users)

    @property
    def counters(self) -> Counter[str]:
        """What was forgotten for want of room."""
        return self._cooldowns.counters

    @property
    def locked(self) -> frozenset[Move]:
        """What nobody may press: the game's locks, and moderators' own."""
        return self._locked

    @property
    def locked_by_hand(self) -> frozenset[Move]:
        """Moderators' own part of it."""
        return self._locked_by_hand

    def retune(self, game: Game) -> None:
        """Takes another game's rules, or the same one's after a reload. Moderators' locks stay."""
        self._game = game
        self._cooldowns.retune(game.cooldowns)
        self._locked = game.locked | self._locked_by_hand

    def lock(self, moves: Iterable[Move]) -> None:
        """From now on nobody may press `moves`."""
        self._locked_by_hand |= frozenset(moves)
        self._locked |= self._locked_by_hand

    def unlock(self, moves: Iterable[Move]) -> frozenset[Move]:
        """Takes moderators' locks of `moves` back. Returns what stays locked: what the game's file locks,
        only that file opens.
        """
        opened = frozenset(moves)
        self._locked_by_hand -= opened
        self._locked = self._locked_by_hand | (self._game.locked if self._game else frozenset())
        return opened & self._locked

    def judge(self, line: ChatLine, parsed: Parsed, now: float) -> Judgement:
        """Whether this viewer may play this line at `now`; if so, that is spent."""
        forbidden = self._forbidden(line, parsed, now)
        if forbidden is not None:
            return forbidden
        if not self._take_of_user(line.user, now):
            return _USER_LIMIT
        rests = bool(self._cooldowns)
        if rests and line.level < Level.MODERATOR:
            resting = self._resting(line.user, parsed, now)
            if resting is not None:
                return resting
        if self._everybody is not None and not self._everybody.take(now):
            return _GLOBAL_LIMIT
        if rests:
            self._cooldowns.start(line.user, parsed.moves, now)
        return _ADMITTED

    def _forbidden(self, line: ChatLine, parsed: Parsed, now: float) -> Judgement | None:
        if line.user in self._restrictions:
            restricted = self._restricted(line.user, parsed, now)
            if restricted is not None:
                return restricted
        if self._locked:
            shut = self._locked & parsed.moves
            if shut:
                return Judgement(Verdict.LOCKED, self._word(shut, parsed))
        levels = self._game.levels if self._game else None
        if levels:
            above = {move for move in parsed.moves if levels.get(move, Level.VIEWER) > line.level}
            if above:
                # The highest: whoever reaches it may use them all.
                level = max(levels[move] for move in above)
                word = self._word({move for move in above if levels[move] == level}, parsed)
                return Judgement(Verdict.LEVEL, word, level=level)
        return None

    def _restricted(self, user: str, parsed: Parsed, now: float) -> Judgement | None:
        """A word is used by whatever line makes all of its moves: another word for the same, a macro, or the
        parts of a diagonal.
        """
        in_force = self._restrictions.of(user, now)
        if EVERY_WORD in in_force:
            return Judgement(Verdict.SILENCED, wait_ms=_wait_ms(in_force[EVERY_WORD], now))
        words = self._game.controller.words if self._game else {}
        moves = parsed.moves
        for word, until_ms in in_force.items():
            if word in words and moves.issuperset(words[word].moves):
                shown = self._word(frozenset(words[word].moves), parsed)
                return Judgement(Verdict.RESTRICTED, shown, _wait_ms(until_ms, now))
        return None

    def _resting(self, user: str, parsed: Parsed, now: float) -> Judgement | None:
        cooling = self._cooldowns.cooling(user, parsed.moves, now)
        if cooling is None:
            return None
        verdict = Verdict.BUTTON_COOLDOWN if cooling.for_everybody else Verdict.USER_COOLDOWN
        return Judgement(verdict, self._word({cooling.move}, parsed), cooling.wait_ms)

    def _word(self, moves: Iterable[Move], parsed: Parsed) -> str:
        """How chat types one of `moves`: if it can be told from the line's text, as this line does."""
        wanted = frozenset(moves)
        words = self._game.controller.words if self._game else {}
        named = [
            (not _names(parsed.text, word), len(action.moves), place, word)
            for place, (word, action) in enumerate(words.items())
            if not wanted.isdisjoint(action.moves)
        ]
        return min(named)[-1] if named else min(control.lower() for control, _ in wanted)

    def _take_of_user(self, user: str, now: float) -> bool:
        return self._per_second <= 0 or self._bucket(user).take(now)

    def _bucket(self, user: str) -> TokenBucket:
        """The viewer's bucket; whoever has been quiet longest makes room for a new one."""
        bucket = self._users.get(user)
        if bucket is not None:
            self._users.move_to_end(user)
            return bucket
        if len(self._users) >= self._most_users:
            self._users.popitem(last=False)
        bucket = self._users[user] = TokenBucket(self._per_second, self._burst)
        return bucket


# Said again and again; made once.
_ADMITTED: Final = Judgement(Verdict.ADMITTED)
_USER_LIMIT: Final = Judgement(Verdict.USER_LIMIT)
_GLOBAL_LIMIT: Final = Judgement(Verdict.GLOBAL_LIMIT)


def _names(text: str, word: str) -> bool:
    """Whether `word` stands in `text` as a whole: `a` does in `a500ms+b`, and not in `start`."""
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) is not None


def _wait_ms(until_ms: float | None, now: float) -> float:
    return 0.0 if until_ms is None else until_ms - now
