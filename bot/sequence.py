"""Puts chords in time: presses and releases, one chord after another, within the controller's budget.

- A chord begins when the one before it has ended, which is when the longest of its parts has.
- An input that was pressed before has been up for a while (`gap_ms`, or what `gaps` asks for it) before it is
  pressed again. Without that, `a a` would release and press A in the same instant, and the game would see one
  long press.
- What happens in the same millisecond is ordered release before press, so that no game sees three buttons
  where the viewer typed two and then one.
- Every press has its release: what is still held when the line ends is let go of there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.language.chords import Chord, Kind, Part
from bot.language.errors import MisreadError, spoken_ms
from config.codes import Control
from config.controllers import Action, Controller, Move


class Step(NamedTuple):
    """At `at_ms` after the sequence's begin, `control` of `pad` goes to `value` (0: let go)."""

    at_ms: int
    control: Control
    value: float
    pad: int


def moves_of(steps: Iterable[Step]) -> frozenset[Move]:
    """Everything they press, and which way."""
    return frozenset([(step.control, 1 if step.value > 0 else -1) for step in steps if step.value])


def schedule(chords: Iterable[Chord], controller: Controller, press_ms: int) -> tuple[Step, ...]:
    """The steps of `chords`, in order of time. Raises MisreadError at the part that breaks a limit.

    chords    as `bot.language.together.settled` gives them: nothing pressed twice, nothing let go of unheld
    press_ms  how long a press or a wait lasts that names no duration
    """
    return _Timeline(controller, press_ms).play(chords)


class _Timeline:
    """Writes down steps while time goes on."""

    def __init__(self, controller: Controller, press_ms: int) -> None:
        self._controller = controller
        self._press_ms = press_ms
        self._now = 0
        self._presses = 0
        self._steps: list[Step] = []
        self._held: dict[tuple[int, Action], Part] = {}
        self._let_go_at: dict[tuple[int, Move], int] = {}

    def play(self, chords: Iterable[Chord]) -> tuple[Step, ...]:
        for chord in chords:
            self._chord(chord)
        for part in self._held.values():
            self._up(part, self._now)
        self._steps.sort(key=_in_time)
        return tuple(self._steps)

    def _chord(self, chord: Chord) -> None:
        begin = max(self._may_begin(part) for part in chord)
        self._now = begin
        for part in chord:
            end = begin + part.lasts_ms(self._press_ms)
            self._now = max(self._now, end)
            if end > self._controller.longest_ms:
                raise MisreadError(part.at, f"a line lasts at most {spoken_ms(self._controller.longest_ms)}")
            match part.kind:
                case Kind.PRESS:
                    self._down(part, begin)
                    self._up(part, end)
                case Kind.HOLD:
                    self._down(part, begin)
                    self._held[part.pad, part.action] = part
                case Kind.LET_GO:
                    self._up(self._held.pop((part.pad, part.action)), begin)

    def _may_begin(self, part: Part) -> int:
        """When the part can begin: now, or when what it presses has been up for long enough."""
        begin = self._now
        if self._let_go_at and part.kind is not Kind.LET_GO:
            for move in _moves(part):
                let_go_at = self._let_go_at.get((part.pad, move))
                if let_go_at is not None:
                    begin = max(begin, let_go_at + self._controller.gaps.get(move, self._controller.gap_ms))
        return begin

    def _down(self, part: Part, at_ms: int) -> None:
        for control, value in part.values:
            self._steps.append(Step(at_ms, control, value, part.pad))
            self._presses += 1
        if 2 * self._presses > self._controller.most_frames:  # each has its release, now or later
            raise MisreadError(part.at, f"a line has at most {self._controller.most_frames // 2} presses")

    def _up(self, part: Part, at_ms: int) -> None:
        for control, _ in part.values:
            self._steps.append(Step(at_ms, control, 0.0, part.pad))
        for move in _moves(part):
            self._let_go_at[part.pad, move] = at_ms


def _moves(part: Part) -> list[Move]:
    return [(control, 1 if value > 0 else -1) for control, value in part.values]


def _in_time(step: Step) -> tuple[int, bool]:
    return step.at_ms, step.value != 0
