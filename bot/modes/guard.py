"""Forbidden combinations, between inputs that play at the same time on one pad. Pure.

Within a line the grammar sees to them (bot.language.together). Here one viewer holds `start` while another,
or the same with a second line, types `back`: the second waits until that is no combination any more.

Opposite directions are not looked at: the receiver's pad settles those, and if `left5s` of one held up every
`right`, it would hold up everybody.
"""

from __future__ import annotations

from typing import Final

from bot.grammar import Parsed
from bot.modes.stage import Stage
from config.codes import Control
from config.controllers import Controller

# Controls of forbidden groups, each with its pad.
Touched = frozenset[tuple[int, Control]]
NOTHING: Final[Touched] = frozenset()
_OPPOSITES: Final = (frozenset({Control.UP, Control.DOWN}), frozenset({Control.LEFT, Control.RIGHT}))


class Guard:
    """The combinations that `controller` forbids, for what plays on `stage`."""

    def __init__(self, controller: Controller, stage: Stage) -> None:
        self._stage = stage
        self._groups = tuple(group for group in controller.forbidden if group not in _OPPOSITES)
        self._controls = frozenset[Control]().union(*self._groups)

    def touched(self, parsed: Parsed) -> Touched:
        """What of it could be part of a combination; usually nothing."""
        if not self._controls:
            return NOTHING
        return frozenset((step.pad, step.control) for step in parsed.steps if step.control in self._controls)

    def agrees(self, touched: Touched, claimed: Touched = NOTHING) -> bool:
        """Whether these may join what plays, and what is `claimed` by who is before them."""
        pads = {pad for pad, _ in touched}
        return all(self._agrees_on(pad, touched, claimed) for pad in pads)

    def _agrees_on(self, pad: int, touched: Touched, claimed: Touched) -> bool:
        there = self._stage.controls(pad) | _on(pad, claimed)
        own = _on(pad, touched)
        both = there | own
        return not any(
            group <= both and not group.isdisjoint(own) and not group.isdisjoint(there)
            for group in self._groups
        )


def _on(pad: int, touched: Touched) -> frozenset[Control]:
    return frozenset(control for on_pad, control in touched if on_pad == pad)
