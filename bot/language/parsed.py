"""A line as it was understood: its steps in time, and the same at another pace or on another pad."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.language.chords import Chord, Kind, Part
from bot.language.errors import MisreadError
from bot.language.printing import print_line
from bot.sequence import Step, moves_of, schedule
from config.controllers import Controller, Move


class Score(NamedTuple):
    """What steps are made of."""

    chords: tuple[Chord, ...]
    controller: Controller
    press_ms: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the line asks for. At its end every control it touched is at zero again.

    Compared by its steps alone: what does the same is the same, however it was written.

    steps  in order of time; the first millisecond of the line is 0
    text   the line as the language prints it; read as a whole line, it does the same
    score  what it can be played anew from; None if somebody made the steps by hand
    """

    steps: tuple[Step, ...]
    text: str = field(compare=False)
    score: Score | None = field(default=None, compare=False, repr=False)

    @property
    def duration_ms(self) -> int:
        """From the line's begin to its last release."""
        return self.steps[-1].at_ms

    @property
    def moves(self) -> frozenset[Move]:
        """Everything it presses, and which way."""
        return moves_of(self.steps)

    @property
    def pads(self) -> frozenset[int]:
        """The pads it plays on."""
        return frozenset(step.pad for step in self.steps)

    def at_pace(self, press_ms: int) -> Parsed:
        """The same, with another length for the presses and waits that named none.

        That length stays within the controller's limits, and is the longest below `press_ms` with which the
        line stays within its own.
        """
        if self.score is None:
            return self
        chords, controller, _ = self.score
        press_ms = max(controller.shortest_ms, min(press_ms, controller.longest_press_ms))
        if press_ms > controller.default_ms and _is_too_long(self.score._replace(press_ms=press_ms)):
            press_ms = _longest_pace(self.score, press_ms)
        return self if press_ms == self.score.press_ms else play(Score(chords, controller, press_ms))

    def on_pad(self, pad: int) -> Parsed:
        """The same, all of it on one pad. What a line for several pads asked of others than its first is
        left out: there it could collide.
        """
        if self.pads == {pad}:
            return self
        first = min(self.pads)
        if self.score is None:
            steps = tuple(step._replace(pad=pad) for step in self.steps if step.pad == first)
            return Parsed(steps, self.text)
        moved = (_moved(chord, first, pad) for chord in self.score.chords)
        return play(self.score._replace(chords=tuple(chord for chord in moved if chord)))


def play(score: Score) -> Parsed:
    """The score as steps and as text. Raises MisreadError at the part that breaks a limit."""
    chords, controller, press_ms = score
    steps = schedule(chords, controller, press_ms)
    return Parsed(steps, print_line(chords, controller.default_ms, press_ms), score)


def _longest_pace(score: Score, most_ms: int) -> int:
    """The longest usual press below `most_ms` with which the line fits; it does with the controller's own."""
    paces = range(score.controller.default_ms + 1, most_ms)
    fitting = bisect_right(paces, False, key=lambda pace: _is_too_long(score._replace(press_ms=pace)))
    return score.controller.default_ms + fitting


def _is_too_long(score: Score) -> bool:
    try:
        schedule(*score)
    except MisreadError:
        return True
    return False


def _moved(chord: Chord, of_pad: int, to_pad: int) -> Chord:
    """The chord with what it does on `of_pad` done on `to_pad`, and with waits for what it does on others."""
    return tuple(
        part._replace(pad=to_pad)
        if part.pad == of_pad and part.kind is not Kind.WAIT
        else Part(part.at, Kind.WAIT, duration_ms=part.duration_ms)
        for part in chord
        if part.pad == of_pad or part.takes_time
    )
