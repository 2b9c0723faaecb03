"""One pad's buttons and axes, held per sequence. Pure.

A button is down while any live sequence holds it. An axis stands where the most recent live hold put it;
when that one lets go, the one before it shows again. So nobody's release takes a button from somebody else.
A real d-pad cannot point up and down at once, nor left and right. While people hold both, the one that was
pressed last is down; when it is let go, the other shows again if it is still held. So every device is told
of the same pad.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from config.codes import AXES, Changes, Control
from injector.report import BUTTON_BIT, NEUTRAL, Report
from tunnel.frame import SequenceId

_PLACE: Final = {control: place for place, control in enumerate(AXES)}
_OPPOSITE: Final = {
    Control.UP: Control.DOWN,
    Control.DOWN: Control.UP,
    Control.LEFT: Control.RIGHT,
    Control.RIGHT: Control.LEFT,
}


class Pad:
    """`report` is always what the holds add up to. Every method that changes them returns the new report."""

    def __init__(self) -> None:
        self.report: Report = NEUTRAL
        # control -> sequence -> value, in the order in which the holds were taken; of a direction the value
        # is the turn in which it was taken, to tell which of two opposite ones came last
        self._holds: dict[Control, dict[SequenceId, float]] = {control: {} for control in Control}
        self._held_by: Counter[SequenceId] = Counter()
        # control -> when it left rest; in the order of time, since a control is added when that happens
        self._since: dict[Control, float] = {}
        self._turn = 0
        self._buttons = 0
        self._axes = [0.0] * len(AXES)

    @property
    def oldest_ms(self) -> float | None:
        """When the control that is away from rest for longest left it."""
        return next(iter(self._since.values()), None)

    def set(self, id: SequenceId, changes: Changes, now: float) -> Report:
        """`id` takes hold of each control (value other than 0) or lets go of it (0)."""
        changed = False
        for control, value in changes:
            holds = self._holds[control]
            held = holds.pop(id, 0.0)
            if value:
                self._turn += 1
                holds[id] = self._turn if control in _OPPOSITE else value  # last in the dict: the most recent
                if not held:
                    self._held_by[id] += 1
            elif held:
                self._forget_one(id)
            else:
                continue
            self._settle(control, holds, now)
            changed = True
        return self._add_up() if changed else self.report

    def drop(self, id: SequenceId, now: float) -> Report:
        """`id` has ended: it lets go of whatever it still holds."""
        if id not in self._held_by:
            return self.report
        del self._held_by[id]
        for control, holds in self._holds.items():
            if holds.pop(id, None) is not None:
                self._settle(control, holds, now)
        return self._add_up()

    def release_since(self, limit_ms: float, now: float) -> Report:
        """Let go, for everybody, of each control that left rest at `limit_ms` or before."""
        overdue = [control for control, since in self._since.items() if since <= limit_ms]
        for control in overdue:
            holds = self._holds[control]
            for id in holds:
                self._forget_one(id)
            holds.clear()
            self._settle(control, holds, now)
        return self._add_up() if overdue else self.report

    def _forget_one(self, id: SequenceId) -> None:
        self._held_by[id] -= 1
        if not self._held_by[id]:
            del self._held_by[id]

    def _settle(self, control: Control, holds: dict[SequenceId, float], now: float) -> None:
        """Bring the control to where its holds leave it."""
        value = _latest(holds)
        bit = BUTTON_BIT.get(control)
        if bit is None:
            self._axes[_PLACE[control]] = value
        elif control in _OPPOSITE:
            opposite = _OPPOSITE[control]
            self._point(bit, value, BUTTON_BIT[opposite], _latest(self._holds[opposite]))
        elif value:
            self._buttons |= bit
        else:
            self._buttons &= ~bit
        if value:
            self._since.setdefault(control, now)
        else:
            self._since.pop(control, None)

    def _point(self, bit: int, turn: float, other_bit: int, other_turn: float) -> None:
        """Of two opposite directions the one taken last is down; turn 0 says that nobody holds it."""
        self._buttons &= ~(bit | other_bit)
        if turn or other_turn:
            self._buttons |= bit if turn > other_turn else other_bit

    def _add_up(self) -> Report:
        self.report = Report(self._buttons, *self._axes)
        return self.report


def _latest(holds: dict[SequenceId, float]) -> float:
    return next(reversed(holds.values())) if holds else 0.0
