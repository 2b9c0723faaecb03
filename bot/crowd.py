"""Who may act now: what moderators and the game forbid, and how much is whose share. Pure.

The order in which a line is judged, and why:

    1  silenced         about the person, whatever the line says
    2  restricted       about the person and the word
    3  locked           about the word, whoever types it: a lock is there because pressing it would hurt
    4  level            about the word and the person
    5  the viewer's rate  the first thing that is spent; so a flooder's lines end here at their own cost
    6  cool-downs       only looked at
    7  everybody's rate  spent

What forbids comes before what is used up, for a line that is forbidden shall cost nothing; and a viewer's
own comes before what all share, so that one who floods uses up nobody's share but their own.

A line that is admitted is not played yet: it may be outvoted, out of turn, or taken back. So its cool-downs
begin when it leaves (`lets_out`), and are looked at again there, for of several lines that came together each
found them at rest. What rests by then is passed over. What chat voted for rests for everybody, and for no
single voter.

Who passes what:

- Moderators and the broadcaster pass cool-downs, because whoever has to rescue a game must not wait for it;
  everybody else's begins after them too, because that one is about the game. They pass being silenced, which
  they could take back. The rates hold for them, because those protect the machine, and a key that got stuck
  has no badge. So do locks and restrictions: whoever may press past a lock may as well open it, where
  everybody sees it.
- What the game's page plays by itself, and for channel points and the like, passes the page's own locks and
  levels: whoever wrote the page wrote both. Moderators' locks hold for it, and their restrictions for whoever
  paid. Cool-downs hold for what nobody paid for.
- Where a mode makes the game pause and go on, that is its own, and what moderators press to put it right is
  too: neither is a use of a word that somebody locked.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from bot.chat.line import ChatLine
from bot.grammar import Parsed
from bot.modes.mode import Choice
from bot.rate import Rate
from bot.viewers.cooldowns import Cooldowns
from bot.viewers.locks import Locks
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

    moves    what is in the way (`Crowd.word` says it); empty where it is nothing in particular
    wait_ms  how long that lasts; 0 where nobody knows
    level    who may press it, at least; None where that is not the question
    """

    verdict: Verdict
    moves: frozenset[Move] = frozenset()
    wait_ms: float = 0.0
    level: Level | None = None


class Crowd:
    """Judges lines, and what was chosen of them. A rate of 0 means that this limit does not exist.

    rules         the game in force; without one there are only rates and silence
    restrictions  moderators' own; whoever changes them does so there
    locks         the same; the crowd tells them which game is on
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
        locks: Locks | None = None,
    ) -> None:
        self._each = (
            Rate(per_user_per_second, per_user_burst, most_users) if per_user_per_second > 0 else None
        )
        self._everybody = TokenBucket(global_per_second, global_burst) if global_per_second > 0 else None
        self._restrictions = Restrictions() if restrictions is None else restrictions
        self._locks = Locks() if locks is None else locks
        self._cooldowns = Cooldowns()
        self._game: Game | None = None
        if rules is not None:
            self.retune(rules)

    def __len__(self) -> int:
        """How many viewers' rates are remembered."""
        return 0 if self._each is None else len(self._each)

    @property
    def counters(self) -> Counter[str]:
        """What was forgotten for want of room."""
        return self._cooldowns.counters

    def retune(self, game: Game) -> None:
        """Takes another game's rules, or the same one's after a reload. What moderators forbid stays."""
        self._game = game
        self._cooldowns.retune(game.cooldowns)
        self._locks.retune(game)

    def hears(self, user: str, level: Level, now: float) -> bool:
        """Whether anything is done about what this viewer writes, be it input, vote or command."""
        return level >= Level.MODERATOR or not self._restrictions.is_silenced(user, now)

    def judge(self, line: ChatLine, parsed: Parsed, now: float, *, past_locks: bool = False) -> Judgement:
        """Whether this viewer may play this line at `now`; if so, the rates are spent.

        past_locks  whether the mode needs it of this viewer, whatever is forbidden
        """
        if not past_locks and self._has_rules_for(line.user):
            forbidden = self._forbidden(line, parsed.moves, now)
            if forbidden is not None:
                return forbidden
        if self._each is not None and not self._each.take(line.user, now):
            return _USER_LIMIT
        if self._cooldowns and line.level < Level.MODERATOR:
            resting = self._resting(line.user, parsed.moves, now)
            if resting is not None:
                return resting
        if self._everybody is not None and not self._everybody.take(now):
            return _GLOBAL_LIMIT
        return _ADMITTED

    def may_leave(self, choice: Choice, now: float) -> bool:
        """Whether what was chosen some time ago is forbidden to nobody it is for by now."""
        if not self._has_rules_for(choice.owner.user):
            return True
        if choice.line is not None:
            return self._forbidden(choice.line, choice.moves, now) is None
        return self._by_moderators(choice.owner.user, Level.VIEWER, choice.moves, now) is None

    def lets_out(self, choice: Choice, now: float) -> bool:
        """Whether what was chosen may leave; if so, its cool-downs begin."""
        if not self.may_leave(choice, now):
            return False
        if self._cooldowns:
            user, moves = choice.owner.user, choice.moves
            if _waits(choice) and self._cooldowns.cooling(user, moves, now) is not None:
                return False
            self._cooldowns.start(user, moves, now)
        return True

    def word(self, moves: Iterable[Move], text: str) -> str:
        """How chat types one of `moves`: if it can be told from the line's text, as this line does."""
        wanted = frozenset(moves)
        words = self._game.controller.words if self._game else {}
        named = [
            (not _names(text, word), len(action.moves), place, word)
            for place, (word, action) in enumerate(words.items())
            if not wanted.isdisjoint(action.moves)
        ]
        return min(named)[-1] if named else min([control.lower() for control, _ in wanted], default="")

    def _has_rules_for(self, user: str) -> bool:
        """Whether anything is forbidden, to this viewer or to anybody: mostly nothing is, and all ask."""
        game, locks = self._game, self._locks
        return bool(user in self._restrictions or locks.by_hand or locks.by_page or (game and game.levels))

    def _forbidden(self, line: ChatLine, moves: frozenset[Move], now: float) -> Judgement | None:
        """What stands in the way of a line, whatever its viewer has left to spend."""
        judgement = self._by_moderators(line.user, line.level, moves, now)
        if judgement is not None or self._game is None:
            return judgement
        shut = self._locks.by_page & moves
        if shut:
            return Judgement(Verdict.LOCKED, shut)
        levels = self._game.levels
        if levels:
            above = [move for move in moves if levels.get(move, Level.VIEWER) > line.level]
            if above:
                # The highest: whoever reaches it may use them all.
                level = max(levels[move] for move in above)
                highest = frozenset(move for move in above if levels[move] == level)
                return Judgement(Verdict.LEVEL, highest, level=level)
        return None

    def _by_moderators(self, user: str, level: Level, moves: frozenset[Move], now: float) -> Judgement | None:
        """The part of it that moderators decided."""
        if user in self._restrictions:
            restricted = self._restricted(user, level, moves, now)
            if restricted is not None:
                return restricted
        shut = self._locks.by_hand & moves
        return Judgement(Verdict.LOCKED, shut) if shut else None

    def _restricted(self, user: str, level: Level, moves: frozenset[Move], now: float) -> Judgement | None:
        """A word is used by whatever line makes all of its moves: another word for the same, a macro, or the
        parts of a diagonal.
        """
        in_force = self._restrictions.of(user, now)
        if not self.hears(user, level, now):
            return Judgement(Verdict.SILENCED, wait_ms=_wait_ms(in_force[EVERY_WORD], now))
        words = self._game.controller.words if self._game else {}
        for word, until_ms in in_force.items():
            if word in words and moves.issuperset(words[word].moves):
                return Judgement(Verdict.RESTRICTED, frozenset(words[word].moves), _wait_ms(until_ms, now))
        return None

    def _resting(self, user: str, moves: frozenset[Move], now: float) -> Judgement | None:
        cooling = self._cooldowns.cooling(user, moves, now)
        if cooling is None:
            return None
        verdict = Verdict.BUTTON_COOLDOWN if cooling.for_everybody else Verdict.USER_COOLDOWN
        return Judgement(verdict, frozenset({cooling.move}), cooling.wait_ms)


# Said again and again; made once.
_ADMITTED: Final = Judgement(Verdict.ADMITTED)
_USER_LIMIT: Final = Judgement(Verdict.USER_LIMIT)
_GLOBAL_LIMIT: Final = Judgement(Verdict.GLOBAL_LIMIT)


def _waits(choice: Choice) -> bool:
    """Whether cool-downs hold it up: not a moderator's line, and not what somebody paid for."""
    return choice.spender is None and (choice.line is None or choice.line.level < Level.MODERATOR)


def _names(text: str, word: str) -> bool:
    """Whether `word` stands in `text` as a whole: `a` does in `a500ms+b`, and not in `start`."""
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text) is not None


def _wait_ms(until_ms: float | None, now: float) -> float:
    return 0.0 if until_ms is None else until_ms - now
