"""Anarchy: everybody plays, at once. Pure.

An input that finds room on its pads begins in the same instant, as it was typed. On each pad `together`
inputs play at a time, and none beside what the game forbids to press with it (bot.modes.guard). When more are
typed, they wait in a queue that is bounded and fair (bot.modes.fair), and grow shorter or longer there so
that the wait stays near `depth_ms` (bot.modes.pace). What waited longer than `longest_wait_ms` is dropped:
the game has moved on.

counters  offered = what it chose + shed (the queue was full) + expired (waited too long) + taken_back +
          waiting
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bot.grammar import Parsed
from bot.modes.fair import FairQueue, Pads
from bot.modes.guard import Guard
from bot.modes.mode import Choice, Offer
from bot.modes.pace import Pace
from bot.modes.paced import PacedInputs
from bot.modes.rules import GameRules
from bot.modes.stage import Stage
from config.controllers import Controller
from config.play import AnarchyOptions
from config.views import ModeView


class Anarchy:
    """As they come.

    stage  what plays
    queue  the most inputs that may wait, all pads together
    """

    def __init__(self, options: AnarchyOptions, rules: GameRules, stage: Stage, *, queue: int) -> None:
        self._options = options
        self._stage = stage
        self.counters: Counter[str] = Counter()
        self._queue: FairQueue[Offer] = FairQueue(queue, options.longest_wait_ms, self.counters)
        self._paced = PacedInputs()
        self._crowded = False
        self._chosen: list[Choice] = []
        self.retune(rules)

    def retune(self, rules: GameRules) -> None:
        """Other combinations are forbidden, and presses last as long as they do in this game."""
        self._guard = Guard(rules.controller, self._stage)
        self._paces = {pad: _pace(self._options, rules.controller) for pad in self._stage.pads}

    @property
    def waiting(self) -> int:
        """How many inputs wait."""
        return len(self._queue)

    def offer(self, offer: Offer, now: float) -> None:
        """Plays it now if there is room and nobody is before it, and queues it if not."""
        self.counters["offered"] += 1
        parsed, user = offer.parsed, offer.line.user
        pads, touched = parsed.pads, self._guard.touched(parsed)
        # Looked at in this order because nearly always nobody waits.
        if self._queue.is_clear(user, pads) and self._has_room(pads, now) and self._guard.agrees(touched):
            self._begin(offer, parsed, pads, now)
        else:
            self._queue.push(offer, user, pads, parsed.duration_ms, now, touched)
            self._crowded = True

    def take_back(self, unwanted: Callable[[Offer], bool], why: str = "taken_back") -> int:
        """Drops every waiting input that is `unwanted`, counts them as `why`, and says how many."""
        taken = self._queue.remove(unwanted)
        self.counters[why] += taken
        return taken

    def gone(self, user: str) -> None:
        """Drops what this viewer has waiting."""
        self.take_back(lambda offer: offer.line.user == user)

    def join(self, user: str, name: str, team: str, now: float) -> str:
        """There is nothing to join."""
        return "Everybody plays at once: no need to join, just type an input."

    def handle_timeout(self, now: float) -> list[Choice]:
        """What begins now, in order."""
        if self._crowded:
            self._serve(now)
        chosen, self._chosen = self._chosen, []
        return chosen

    def next_timeout(self) -> float | None:
        """When somebody who waits may find room, or has waited too long."""
        expiry = self._queue.next_timeout()
        if expiry is None:
            return None
        ends = [self._stage.next_end(pad) for pad in self._stage.pads if self._queue.load_ms[pad]]
        return min([expiry, *(end for end in ends if end is not None)])

    def view(self, now: float) -> ModeView:
        """How many wait, and how long."""
        waits = (pace.wait_ms(self._queue.load_ms[pad]) for pad, pace in self._paces.items())
        crowd = f", {len(self._queue)} inputs wait" if len(self._queue) > 1 else ""
        return ModeView(
            mode="anarchy",
            headline=f"Everybody plays at once{crowd}: type an input.",
            waiting=len(self._queue),
            delay_ms=max(waits),
        )

    def _serve(self, now: float) -> None:
        """Lets those begin who waited and now have room."""
        self._queue.handle_timeout(now)
        self._look(now)
        while (next := self._queue.pop(self._free_pads(now), self._guard.agrees)) is not None:
            pads = next.parsed.pads
            press_ms = min(self._paces[pad].press_ms for pad in pads)
            self._begin(next, self._paced.at_pace(next.parsed, press_ms), pads, now)
        self._look(now)
        self._crowded = bool(self._queue)

    def _look(self, now: float) -> None:
        for pad, pace in self._paces.items():
            pace.look(self._queue.load_ms[pad], now)

    def _begin(self, offer: Offer, parsed: Parsed, pads: Pads, now: float) -> None:
        choice = offer.chosen(parsed.steps)
        self._stage.begin(choice, pads, now)
        self._chosen.append(choice)

    def _has_room(self, pads: Pads, now: float) -> bool:
        return all(self._stage.on(pad, now) < self._options.together for pad in pads)

    def _free_pads(self, now: float) -> Pads:
        together = self._options.together
        return frozenset([pad for pad in self._stage.pads if self._stage.on(pad, now) < together])


def _pace(options: AnarchyOptions, controller: Controller) -> Pace:
    return Pace(
        together=options.together,
        depth_ms=options.depth_ms,
        default_ms=controller.default_ms,
        shortest_ms=controller.shortest_ms,
        longest_ms=controller.longest_press_ms,
    )
