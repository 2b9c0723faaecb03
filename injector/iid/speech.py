"""A pad's changes in the integers that every program of the IID family understands. Pure.

    buttons   N presses, N + 1000 releases
    d-pad     its compass code, which says the whole d-pad
    sticks    one axis at a quarter, if that is all that moved; else 18LLllRRrr, which says both sticks
    triggers  the nearest quarter: the table knows no others

What one report lets go of is said before what it presses. Every order is one record of 16 bytes, dated now:
all receivers of the family take that form; only the newer ones take several records at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from config.codes import (
    BUTTONS,
    EXACT_BASE,
    PRESS,
    RELEASE,
    STICKS,
    TRIGGERS,
    Control,
    dpad_code,
    encode,
    sticks_code,
)
from injector.iid.record import pack
from injector.report import NEUTRAL, Report, changes

_DPAD: Final = (Control.UP, Control.DOWN, Control.LEFT, Control.RIGHT)
# Rest, spelled out: "release all" (1390) is ignored by one receiver and forgets the d-pad on another.
# Releases of the menus are in it even where chat may not press them.
_REST: Final = (*range(2300, 2310), 1310, 2319, 1330, 1340, 2358, 2359)


class Speech:
    """What one listener was told of each pad, and so what has to be said next. Begins with all at rest.

    `deny` are controls that are never pressed, whoever asks.
    """

    def __init__(self, pads: int, deny: Collection[Control] = ()) -> None:
        self._deny = frozenset(deny)
        self._said = dict.fromkeys(range(1, pads + 1), NEUTRAL)

    def say(self, pad: int, report: Report) -> list[bytes]:
        """The records that bring `pad` from what was said last to `report`, each for a message of its own."""
        before, after = self._said[pad], _quartered(report)
        self._said[pad] = after
        return [pack(pad, value) for value in self._orders(before, after)]

    def rest(self) -> list[bytes]:
        """The records that bring every pad to rest, whatever the listener believes."""
        self._said = dict.fromkeys(self._said, NEUTRAL)
        return [pack(pad, value) for pad in self._said for value in _REST]

    def _orders(self, before: Report, after: Report) -> list[int]:
        """What only lets go first, then the rest, as `changes` has it."""
        moved = {control: value for control, value in changes(before, after) if control not in self._deny}
        said = list(self._said_of(moved, after))
        return [code for presses in (False, True) for pressing, code in said if pressing is presses]

    def _said_of(self, moved: Mapping[Control, float], after: Report) -> Iterator[tuple[bool, int]]:
        """Codes for all that `moved`, each with whether it presses anything."""
        for control in BUTTONS:
            if control in moved and control in PRESS:
                yield bool(moved[control]), PRESS[control] + (0 if moved[control] else RELEASE)
        dpad = [control for control in _DPAD if control in moved]
        if dpad:
            held = [bool(after.value(control)) and control not in self._deny for control in _DPAD]
            yield any(moved[control] for control in dpad), dpad_code(*held)
        sticks = [control for control in STICKS if control in moved]
        if sticks:
            yield any(moved[control] for control in sticks), self._sticks(sticks, after)
        for control in TRIGGERS:
            if control in moved:
                yield bool(moved[control]), encode(control, moved[control])

    def _sticks(self, moved: Sequence[Control], after: Report) -> int:
        if len(moved) == 1:
            code = encode(moved[0], after.value(moved[0]))
            if code < EXACT_BASE:  # the table says exactly this
                return code
        return sticks_code(*(0.0 if axis in self._deny else after.value(axis) for axis in STICKS))


def _quartered(report: Report) -> Report:
    """Triggers at the nearest quarter, so that a step the format cannot say is no change."""
    return report._replace(lt=round(report.lt * 4) / 4, rt=round(report.rt * 4) / 4)
