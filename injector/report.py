"""One pad's whole state, as a device is told it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from config.codes import AXES, BUTTONS, Control

BUTTON_BIT: Final[dict[Control, int]] = {control: 1 << place for place, control in enumerate(BUTTONS)}


class Report(NamedTuple):
    """Buttons as bits in the order of `config.codes.BUTTONS`; sticks -1 to 1; triggers 0 to 1."""

    buttons: int = 0
    lx: float = 0.0
    ly: float = 0.0
    rx: float = 0.0
    ry: float = 0.0
    lt: float = 0.0
    rt: float = 0.0

    def value(self, control: Control) -> float:
        """What `control` stands at: 0 or 1 for a button."""
        bit = BUTTON_BIT.get(control)
        if bit is not None:
            return 1 if self.buttons & bit else 0
        axis: float = self[1 + AXES.index(control)]
        return axis


NEUTRAL: Final = Report()


def changes(before: Report, after: Report) -> Iterator[tuple[Control, float]]:
    """The controls that differ, in the fixed order buttons then axes, each with its value in `after`."""
    differing = before.buttons ^ after.buttons
    if differing:
        for control, bit in BUTTON_BIT.items():
            if differing & bit:
                yield control, 1 if after.buttons & bit else 0
    if before[1:] != after[1:]:
        for place, control in enumerate(AXES, start=1):
            if before[place] != after[place]:
                yield control, after[place]
