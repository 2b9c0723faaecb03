"""The receiver's decisions: what arrives and the time go in, orders and answers come out. Pure.

How to use it: after every call obey the orders it returned, in order and at once; whenever `next_timeout` has
come, call `handle_timeout`. If the device raises on an order, stop there and hand the rest to `failed`.

What one device call shows is one moment: frames that are due together make one report. But a control that
changes twice at one moment is shown twice, so that a tap which came late is still a press and then a release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from injector.guard import DeviceMove, DeviceState, Guard, Neutral
from injector.pad import Pad
from injector.played import Played
from injector.report import NEUTRAL, Report
from injector.rules import Rules
from injector.timeline import Action, Timeline, Verdict
from tunnel.events import Outcome, SequenceArrived
from tunnel.frame import Frame, SequenceId, is_before


class Press(NamedTuple):
    """A program beside us presses: a press and its release, dated from now, under an id below zero.

    Ids of the tunnel are never negative, so the two cannot meet; and nobody waits for an answer to these.
    """

    id: SequenceId
    frames: tuple[Frame, ...]


class LetGo(NamedTuple):
    """It takes presses back before their time. Those that have ended, or never began, are no mistake."""

    ids: tuple[SequenceId, ...]


Move = Press | LetGo


class Show(NamedTuple):
    """Make this pad look like this."""

    pad: int
    report: Report


class Resolve(NamedTuple):
    """Tell the sender what became of a sequence."""

    id: SequenceId
    outcome: Outcome


class Rest(NamedTuple):
    """Every pad to neutral."""

    reason: Neutral


class Open(NamedTuple):
    """Open the device (again), then say `opened` or `failed`."""


Order = Show | Resolve | Rest | Open


class Player:
    """Timeline, pads and guard together."""

    def __init__(self, rules: Rules, now: float) -> None:
        self.counters: Counter[str] = Counter()
        self.timeline = Timeline(rules)
        self.guard = Guard(now)
        self._rules = rules
        self._played = Played()
        self._pads: dict[int, Pad] = {}
        self._shown: dict[int, Report] = {}
        self._forget_holds()

    def arrived(self, event: SequenceArrived, now: float) -> list[Order]:
        """A sequence came out of the tunnel."""
        id, frames = event.sequence.id, event.sequence.frames
        if id in self._played:
            self.counters["doubled"] += 1  # not played again: each copy but the first does no harm
            return []
        if not self.guard.may_play:
            self.counters["not_playing"] += 1
            return [Resolve(id, Outcome.REFUSED)]
        verdict = self.timeline.add(id, frames, event.start_ms, event.age_ms, now)
        if verdict is Verdict.STALE:
            return [Resolve(id, Outcome.STALE)]
        if verdict is Verdict.REFUSED:
            return [Resolve(id, Outcome.REFUSED)]
        self._played.add(id)
        return self._play(now)

    def cancelled(self, targets: tuple[SequenceId, ...], before: SequenceId, now: float) -> list[Order]:
        """The sender takes sequences back: what waits is not played, holds are let go.

        None named means all it submitted before the id `before`, and all that guests hold: whoever says
        "everything to rest" means the pads.
        """
        taken = self.timeline.cancel(
            targets or [id for id in self.timeline.ids() if _is_guests(id) or is_before(id, before)]
        )
        orders: list[Order] = []
        for id, begun in taken.items():
            if begun:
                self._let_go(id, now, orders)
        self._flush(orders)
        orders += [Resolve(id, Outcome.CANCELLED) for id, begun in taken.items() if not begun]
        return orders

    def guests(self, moves: Iterable[Move], now: float) -> list[Order]:
        """Programs beside us (`injector.gateway`) press and let go, in this order."""
        orders: list[Order] = []
        waiting = False  # whether presses are taken in that are not played yet
        for move in moves:
            if isinstance(move, Press):
                waiting = self._guest_presses(move, now) or waiting
                continue
            if waiting:  # so that a press and its end at one moment are still a tap
                orders += self._play(now)
                waiting = False
            for id in self.timeline.cancel(move.ids):
                self._let_go(id, now, orders)
        if waiting:
            orders += self._play(now)
        self._flush(orders)
        return orders

    def _guest_presses(self, press: Press, now: float) -> bool:
        if not self.guard.may_play:
            self.counters["not_playing_guests"] += 1
            return False
        return self.timeline.add(press.id, press.frames, now, 0.0, now) is Verdict.ACCEPTED

    def connected(self, fresh: bool) -> list[Order]:
        """The tunnel stands. A fresh sender knows nothing of what its last run had us hold."""
        if not fresh:
            return []
        self._played = Played()
        # Its last run asks for nothing any more, and the new one uses the same ids for other things.
        return [order for order in self._rest(Neutral.RESTART) if not isinstance(order, Resolve)]

    def silent(self) -> list[Order]:
        """Nothing came from the sender for too long."""
        return self._rest(Neutral.SILENCE)

    def panic(self) -> list[Order]:
        """Everything to rest, and nothing is played until `resume`."""
        self.guard.panicked = True
        return self._rest(Neutral.PANIC)

    def resume(self) -> None:
        self.guard.panicked = False

    def opened(self, now: float) -> None:
        """The device is there, and at rest."""
        self.guard.move(DeviceMove.OPENED, now)

    def failed(self, undone: Iterable[Order], now: float) -> list[Order]:
        """The device raised, or could not be opened. `undone` are the orders after the one it raised on."""
        self.counters["device_failures"] += 1
        self.guard.move(DeviceMove.FAILED, now)
        answers: list[Order] = [_unplayed(order) for order in undone if type(order) is Resolve]
        return answers + self._rest(Neutral.DEVICE)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` has something to do: a frame, the longest hold, or the device's next try."""
        longest = self._rules.longest_hold_ms
        times = [pad.oldest_ms + longest for pad in self._pads.values() if pad.oldest_ms is not None]
        times += [at for at in (self.timeline.next_timeout(), self.guard.next_timeout()) if at is not None]
        return min(times, default=None)

    def handle_timeout(self, now: float) -> list[Order]:
        """Play what is due, let go of what was held too long, try the device again."""
        orders = self._play(now)
        limit_ms = now - self._rules.longest_hold_ms
        for number, pad in self._pads.items():
            if pad.oldest_ms is not None and pad.oldest_ms <= limit_ms:
                self.counters["held_too_long"] += 1
                self._note(number, pad.report, pad.release_since(limit_ms, now), orders)
        self._flush(orders)
        retry_at = self.guard.next_timeout()
        if self.guard.state is DeviceState.CLOSED and retry_at is not None and retry_at <= now:
            self.guard.move(DeviceMove.TRY, now)
            orders.append(Open())
        return orders

    def _play(self, now: float) -> list[Order]:
        orders: list[Order] = []
        begun: list[Order] = []
        moment = None
        for action in self.timeline.advance(now):
            if action.due_ms != moment:
                self._flush(orders)
                orders += begun
                begun.clear()
                moment = action.due_ms
            self._act(action, now, orders)
            if action.first and not _is_guests(action.id):
                begun.append(Resolve(action.id, Outcome.APPLIED))
        self._flush(orders)
        return orders + begun

    def _act(self, action: Action, now: float, orders: list[Order]) -> None:
        for number in action.pads:
            pad = self._pads[number]
            self._note(number, pad.report, pad.set(action.id, action.changes, now), orders)
        if action.last:
            self._let_go(action.id, now, orders)

    def _let_go(self, id: SequenceId, now: float, orders: list[Order]) -> None:
        for number, pad in self._pads.items():
            self._note(number, pad.report, pad.drop(id, now), orders)

    def _note(self, number: int, before: Report, after: Report, orders: list[Order]) -> None:
        """A pad goes from `before` to `after`: show `before` first if the step to it would be lost."""
        shown = self._shown[number]
        if before is not after and before != shown and _changes_again(shown, before, after):
            orders.append(Show(number, before))
            self._shown[number] = before

    def _flush(self, orders: list[Order]) -> None:
        """Show each pad that differs from what the device was last told."""
        for number, pad in self._pads.items():
            if pad.report != self._shown[number]:
                orders.append(Show(number, pad.report))
                self._shown[number] = pad.report

    def _rest(self, reason: Neutral) -> list[Order]:
        taken = self.timeline.clear()
        self._forget_holds()
        self.counters[f"neutral_{reason.name.lower()}"] += 1
        waiting = [
            Resolve(id, Outcome.CANCELLED) for id, begun in taken.items() if not begun and not _is_guests(id)
        ]
        return [Rest(reason), *waiting]

    def _forget_holds(self) -> None:
        self._pads = {number: Pad() for number in range(1, self._rules.pads + 1)}
        self._shown = dict.fromkeys(self._pads, NEUTRAL)


def _changes_again(shown: Report, before: Report, after: Report) -> bool:
    """Would some control that moved from `shown` to `before` move once more on the way to `after`?"""
    if (shown.buttons ^ before.buttons) & (before.buttons ^ after.buttons):
        return True
    return any(s != b != a for s, b, a in zip(shown[1:], before[1:], after[1:], strict=True))


def _is_guests(id: SequenceId) -> bool:
    return id < 0


def _unplayed(answer: Resolve) -> Resolve:
    """What to say of a sequence whose first frame was to be played by a device that failed just before."""
    return Resolve(answer.id, Outcome.REFUSED) if answer.outcome is Outcome.APPLIED else answer
