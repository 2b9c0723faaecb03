"""One pad's whole state, as a device is told it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from config.codes import AXES, BUTTONS, Control

BUTTON_BIT: Final[dict[Control, int]] = {control: 1 << place for place, control in enumerate(BUTTONS)}
_PLACES: Final = range(1, 1 + len(AXES))  # of the axes in a report


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
    """The controls that differ, each with its value in `after`: what comes to rest first, then the rest.

    Both in the fixed order buttons then axes. So of two inputs that meet at one moment the first is over
    before the second begins, for whoever reads along.
    """
    released, pressed = before.buttons & ~after.buttons, after.buttons & ~before.buttons
    moved = [place for place in _PLACES if before[place] != after[place]] if before[1:] != after[1:] else []
    if released:
        yield from ((control, 0) for control, bit in BUTTON_BIT.items() if released & bit)
    yield from ((AXES[place - 1], 0.0) for place in moved if not after[place])
    if pressed:
        yield from ((control, 1) for control, bit in BUTTON_BIT.items() if pressed & bit)
    yield from ((AXES[place - 1], after[place]) for place in moved if after[place])
