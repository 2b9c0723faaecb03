"""turns: one viewer at a time holds the pad. Pure.

The rules, as a viewer meets them:

- Whoever types an input, or `!join`, stands in the queue, once. If nobody plays, it is their turn at once,
  and the input is played. Otherwise that input is not: it only asks for a turn.
- A turn lasts `turn_s`, and from then on until somebody else wants one. It is lost when the player types
  nothing for `idle_s` after the last input has been played, and when they are banned or silenced.
- The player's inputs play one after another; a few may wait. When a turn ends, what has begun plays out, so
  nobody is cut short in the middle of a press, and what still waited is dropped. The clock of the next turn
  starts when the pad is free.
- Who has played and wants to again stands at the end of the queue.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot.modes.mode import Choice, Offer
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from config.play import TurnsOptions
from config.views import MOST_LISTED, ModeView

# At the default of 30 s a turn, the last of them waits for over four hours: longer than most streams.
MOST_QUEUED: Final = 500
# Enough to type ahead while an input plays; more would still play when the picture has long changed. What is
# too many is refused rather than pushing out the oldest: one person's inputs are a plan, and its begin
# matters more than its end.
MOST_WAITING: Final = 3


class Turns:
    """One player, and a queue of those who want to be.

    counters  `offered` is chosen, `taken_back`, waiting, or dropped: `not_your_turn`, `too_many` of the
              player's own waited, `turn_over`. Besides, `turns` began, and `queue_full` for those who found
              no place
    """

    def __init__(self, options: TurnsOptions, rules: GameRules, stage: Stage) -> None:
        self._turn_ms = options.turn_s * 1000
        self._idle_ms = options.idle_s * 1000
        self._rules = rules
        self._stage = stage
        self._turn: _Turn | None = None
        self._queue: OrderedDict[str, str] = OrderedDict()  # user -> name, the next first
        self._waiting: deque[Offer] = deque()
        self.counters: Counter[str] = Counter()

    def retune(self, rules: GameRules) -> None:
        """Whose turn it is, and who is next, has nothing to do with the game."""
        self._rules = rules

    @property
    def waiting(self) -> int:
        """How many of the player's inputs wait."""
        return len(self._waiting)

    def offer(self, offer: Offer, now: float) -> None:
        """Plays it if it is this viewer's turn; else it asks for a turn."""
        self.counters["offered"] += 1
        user = offer.line.user
        if self._turn is None and not self._queue:
            self._begin(user, offer.line.name, now)
        turn = self._turn
        if turn is None or turn.user != user:
            self.counters["not_your_turn"] += 1
            self._enqueue(user, offer.line.name)
            return
        turn.active_ms = max(turn.active_ms, now)
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(offer)
        else:
            self.counters["too_many"] += 1

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops what waits of the player's. Places in the queue stay: they belong to people, not to lines."""
        kept = [offer for offer in self._waiting if not unwanted(offer)]
        dropped = len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        self.counters[why] += dropped
        return dropped

    def gone(self, user: str) -> None:
        """Leaves the queue, or loses the turn; the next one's begins with the next `handle_timeout`."""
        self._queue.pop(user, None)
        if self._turn is not None and self._turn.user == user:
            self.counters["taken_back"] += len(self._waiting)
            self._waiting.clear()
            self._turn = None

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """Puts the viewer into the queue. There are no teams here, so `team` means nothing."""
        if self._turn is None and not self._queue:
            self._begin(user, name, now)
        if self._turn is not None and self._turn.user == user:
            return "It is your turn: type what to play."
        if not self._enqueue(user, name):
            return f"The queue is full: {MOST_QUEUED} are waiting. Try again later."
        place = next(place for place, queued in enumerate(self._queue, 1) if queued == user)
        return "You are next." if place == 1 else f"You are number {place} in the queue."

    def handle_timeout(self, now: float) -> list[Choice]:
        """Passes the turn on when it is over, and plays the next of the player's inputs."""
        if self._turn is not None and self._is_over(self._turn, now):
            self._end()
        if self._turn is None and self._queue:
            self._begin(*self._queue.popitem(last=False), now)
        if not self._waiting or now < self._free():
            return []
        return [self._play(self._waiting.popleft(), now)]

    def next_timeout(self) -> float | None:
        """When the next input can play, or the turn is over."""
        turn = self._turn
        if turn is None:
            return None
        ends = [self._free() if self._waiting else self._idles_at(turn)]
        if self._queue:
            ends.append(turn.ends_ms)
        return min(ends)

    def view(self, now: float) -> ModeView:
        """The player, the time left, and who is next."""
        turn = self._turn
        left_ms = turn.ends_ms - now if turn else 0.0
        return ModeView(
            mode="turns",
            headline="Type an input to be next." if turn else "Type an input to play.",
            ends_in_ms=min(left_ms, self._turn_ms) if left_ms > 0 else None,
            player=turn.name if turn else "",
            queue=tuple(islice(self._queue.values(), MOST_LISTED)),
            waiting=len(self._waiting),
        )

    def _begin(self, user: str, name: str, now: float) -> None:
        """The turn's clock starts when the pad is free: what the last player began plays out first."""
        begin = max(now, self._free())
        self._turn = _Turn(user, name, ends_ms=begin + self._turn_ms, active_ms=begin)
        self.counters["turns"] += 1

    def _end(self) -> None:
        self.counters["turn_over"] += len(self._waiting)
        self._waiting.clear()
        self._turn = None

    def _enqueue(self, user: str, name: str) -> bool:
        """Whether there was room, or the viewer stands there already."""
        if user not in self._queue and len(self._queue) >= MOST_QUEUED:
            self.counters["queue_full"] += 1
            return False
        self._queue.setdefault(user, name)
        return True

    def _is_over(self, turn: _Turn, now: float) -> bool:
        if self._queue and now >= turn.ends_ms:
            return True
        return not self._waiting and now >= self._idles_at(turn)

    def _idles_at(self, turn: _Turn) -> float:
        return turn.active_ms + self._idle_ms

    def _play(self, offer: Offer, now: float) -> Choice:
        choice = offer.chosen(offer.parsed.steps)
        self._stage.begin(choice, offer.parsed.pads, now)
        if self._turn is not None:
            self._turn.active_ms = self._free()  # watching one's own input play is not idling
        return choice

    def _free(self) -> float:
        """When the pad has been at rest for a gap: `a` after `a` is two presses."""
        return self._stage.free_ms + self._rules.gap_ms


@dataclass(slots=True)
class _Turn:
    """Whose it is, when it ends if others wait, and when its player last did something."""

    user: str
    name: str
    ends_ms: float
    active_ms: float
