"""Puts chords in time: presses and releases, one chord after another, within the controller's budget.

- A chord begins when the one before it has ended, which is when its longest press is released.
- An input that was pressed before has been up for `gap_ms` before it is pressed again. Without that, `a a`
  would release and press A in the same instant, and the game would see one long press.
- What happens in the same millisecond is ordered release before press, so that no game sees three buttons
  where the viewer typed two and then one.
- Every press has its release, so a sequence leaves all it touched at zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.lexer import Chord, MisreadError, spoken_ms
from config.codes import Control
from config.controllers import Action, Controller


class Step(NamedTuple):
    """At `at_ms` after the sequence's begin, `control` of `pad` goes to `value` (0: let go)."""

    at_ms: int
    control: Control
    value: float
    pad: int


def schedule(chords: Sequence[Chord], controller: Controller, press_ms: int = 0) -> tuple[Step, ...]:
    """The steps of `chords`, in order of time. Raises MisreadError at the press that breaks a limit.

    press_ms  how long a press lasts that names no duration; 0 stands for the controller's own
    """
    press_ms = press_ms or controller.default_ms
    steps: list[Step] = []
    released_at: dict[Action, int] = {}
    now = 0
    for chord in chords:
        begin = now
        for press in chord:
            if press.action in released_at:
                begin = max(begin, released_at[press.action] + controller.gap_ms)
        for press in chord:
            end = begin + (press_ms if press.duration_ms is None else press.duration_ms)
            released_at[press.action] = end
            now = max(now, end)
            if end > controller.longest_ms:
                raise MisreadError(press.at, f"a line lasts at most {spoken_ms(controller.longest_ms)}")
            if len(steps) + 2 > controller.most_frames:
                raise MisreadError(press.at, f"a line has at most {controller.most_frames // 2} presses")
            for control, direction in press.action.moves:
                steps.append(Step(begin, control, direction * press.amount, press.pad))
                steps.append(Step(end, control, 0.0, press.pad))
    steps.sort(key=_in_time)
    return tuple(steps)


def _in_time(step: Step) -> tuple[int, bool]:
    return step.at_ms, step.value != 0
