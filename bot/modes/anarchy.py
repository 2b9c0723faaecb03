"""Anarchy: everybody plays, at once. Pure.

An input that finds room on its pads begins in the same instant, as it was typed. On each pad `together`
inputs play at a time; when more are typed, they wait in a queue that is bounded and fair (bot.modes.fair),
and grow shorter or longer there so that the wait stays near `depth_ms` (bot.modes.pace). What waited longer
than `longest_wait_ms` is dropped: the game has moved on.

counters  offered = chosen + shed (the queue was full) + expired (waited too long) + taken_back + waiting
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bot.grammar import Parsed
from bot.modes.fair import FairQueue
from bot.modes.lanes import Lanes
from bot.modes.mode import Choice, Offer
from bot.modes.pace import Pace
from bot.modes.paced import PacedInputs
from config.controllers import Controller
from config.play import AnarchyOptions
from config.views import ModeView


class Anarchy:
    """As they come.

    controller  that of the game: how long presses usually last, and may
    queue       the most inputs that may wait, all pads together
    """

    def __init__(self, options: AnarchyOptions, controller: Controller, *, queue: int) -> None:
        self._options = options
        self._controller = controller
        self.counters: Counter[str] = Counter()
        self._queue: FairQueue[Offer] = FairQueue(queue, options.longest_wait_ms, self.counters)
        self._pads: dict[int, _Pad] = {}
        self._paced = PacedInputs()
        self._crowded = False
        self._chosen: list[Choice] = []

    @property
    def waiting(self) -> int:
        """How many inputs wait."""
        return len(self._queue)

    def offer(self, offer: Offer, now: float) -> None:
        """Plays it now if there is room and nobody is before it, and queues it if not."""
        self.counters["offered"] += 1
        parsed = offer.parsed
        pads = parsed.pads
        # Looked at in this order because nearly always nobody waits.
        if self._queue.is_clear(offer.line.user, pads) and self._has_room(pads, now):
            self._begin(offer, parsed, pads, now)
        else:
            self._queue.push(offer, offer.line.user, pads, parsed.duration_ms, now)
            self._crowded = True

    def take_back(self, unwanted: Callable[[Offer], bool]) -> int:
        """Drops every waiting input that is `unwanted`, and says how many."""
        taken = self._queue.remove(unwanted)
        self.counters["taken_back"] += taken
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
        """When a place becomes free for somebody who waits, or has waited too long."""
        expiry = self._queue.next_timeout()
        if expiry is None:
            return None
        rooms = (pad.lanes.next_room() for pad in self._pads.values())
        return min([expiry, *(room for room in rooms if room is not None)])

    def view(self, now: float) -> ModeView:
        """How many wait, and how long."""
        waits = (pad.pace.wait_ms(self._queue.load_ms[number]) for number, pad in self._pads.items())
        crowd = f", {len(self._queue)} inputs wait" if len(self._queue) > 1 else ""
        return ModeView(
            mode="anarchy",
            headline=f"Everybody plays at once{crowd}: type an input.",
            waiting=len(self._queue),
            delay_ms=max(waits, default=0.0),
        )

    def _serve(self, now: float) -> None:
        """Lets those begin who waited and now have room."""
        self._queue.handle_timeout(now)
        self._look(now)
        while (next := self._queue.pop(self._free_pads(now))) is not None:
            pads = next.parsed.pads
            press_ms = min(self._pad(number).pace.press_ms for number in pads)
            self._begin(next, self._paced.at_pace(next.parsed, press_ms), pads, now)
        self._look(now)
        self._crowded = bool(self._queue)

    def _look(self, now: float) -> None:
        for number, pad in self._pads.items():
            pad.pace.look(self._queue.load_ms[number], now)

    def _begin(self, offer: Offer, parsed: Parsed, pads: Iterable[int], now: float) -> None:
        end = now + parsed.duration_ms
        for number in pads:
            self._pad(number).lanes.begin(end)
        line = offer.line
        self._chosen.append(Choice(parsed.steps, line, line.name, offer.text, line.arrived_ms))
        self.counters["chosen"] += 1

    def _has_room(self, pads: Iterable[int], now: float) -> bool:
        return all(self._pad(number).lanes.has_room(now) for number in pads)

    def _free_pads(self, now: float) -> frozenset[int]:
        return frozenset([number for number, pad in self._pads.items() if pad.lanes.has_room(now)])

    def _pad(self, number: int) -> _Pad:
        """The pad; the language names no more of them than there are."""
        pad = self._pads.get(number)
        if pad is None:
            pad = self._pads[number] = self._new_pad()
        return pad

    def _new_pad(self) -> _Pad:
        options, controller = self._options, self._controller
        pace = Pace(
            together=options.together,
            depth_ms=options.depth_ms,
            default_ms=controller.default_ms,
            shortest_ms=controller.shortest_ms,
            longest_ms=controller.longest_press_ms,
        )
        return _Pad(Lanes(options.together), pace)


class _Pad(NamedTuple):
    lanes: Lanes
    pace: Pace
