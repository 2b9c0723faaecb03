"""What can be down at the same time: holds, and what is pressed with them, chord by chord.

Each pad is looked at by itself. A letting go comes before what the same chord presses, as in `-right+left`.
Letting go of what the line does not hold does nothing, and takes time only if it names one: lines are typed
in a hurry, and those that people bring along from elsewhere have it.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.language.chords import Chord, Kind, Part
from bot.language.errors import MisreadError
from config.codes import Control
from config.controllers import Action, Controller

Input = tuple[int, Action]


def settled(chords: Iterable[Chord], controller: Controller) -> tuple[Chord, ...]:
    """The chords, if they can be played; each hold that nothing follows gets a wait to be held for, and what
    does nothing is left out.

    Raises MisreadError at the part that collides with another one.
    """
    hands = _Hands(controller)
    result: list[Chord] = []
    presses = 0
    for chord in chords:
        if len(chord) == 1 and chord[0].kind is Kind.PRESS and not hands.held:
            result.append(chord)  # what nearly all are: it meets nothing
            continue
        if hands.lets_go_of_fresh(chord):
            result.append(_moment(chord[0].at))
            hands.fresh.clear()
        played = hands.play(chord)
        if played:
            result.append(played)
        presses += sum(part.kind is Kind.PRESS or part.kind is Kind.HOLD for part in played)
        if 2 * presses > controller.most_frames:
            return tuple(result)  # too many to schedule, whatever follows; comparing them all would take long
    if hands.fresh:
        result.append(_moment(result[-1][0].at))
    return tuple(result)


class _Hands:
    """What is held at one moment.

    held   by pad and input
    fresh  those of them that no time has passed for: they would be let go of the moment they are pressed
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.held: dict[Input, Part] = {}
        self.fresh: set[Input] = set()

    def lets_go_of_fresh(self, chord: Chord) -> bool:
        return any(part.kind is Kind.LET_GO and (part.pad, part.action) in self.fresh for part in chord)

    def play(self, chord: Chord) -> Chord:
        """Goes on to the next chord; what of it does something. Raises MisreadError."""
        chord = self._let_go(chord)
        let_go = [part for part in chord if part.kind is Kind.LET_GO]
        down = list(self.held.values())
        for part in chord:
            if part.kind is Kind.PRESS or part.kind is Kind.HOLD:
                self._check(part, down, let_go)
                down.append(part)
        self._keep(chord)
        return chord

    def _let_go(self, chord: Chord) -> Chord:
        """Lets go of what is held. Other lettings-go are left out, or become waits if they take time."""
        parts: list[Part] = []
        for part in chord:
            if part.kind is not Kind.LET_GO or self.held.pop((part.pad, part.action), None) is not None:
                parts.append(part)
            elif part.takes_time:
                parts.append(Part(part.at, Kind.WAIT, duration_ms=part.duration_ms))
        return tuple(parts)

    def _keep(self, chord: Chord) -> None:
        holds = {(part.pad, part.action): part for part in chord if part.kind is Kind.HOLD}
        self.held.update(holds)
        self.fresh.update(holds)
        if any(part.takes_time for part in chord):
            self.fresh.clear()

    def _check(self, part: Part, down: list[Part], let_go: list[Part]) -> None:
        if (part.pad, part.action) in self.held:
            raise MisreadError(part.at, f"{part.word} is held already; let go of it with -{part.word} first")
        for other in let_go:
            if other.pad == part.pad and not _moves(other).isdisjoint(_moves(part)):
                raise MisreadError(part.at, f"{part.word} cannot be pressed in the moment it is let go of")
        on_pad = [other for other in down if other.pad == part.pad]
        controls = _controls(part)
        for other in on_pad:
            if other.action == part.action:
                raise MisreadError(part.at, f"{other.word} and {part.word} are the same input")
            if not _controls(other).isdisjoint(controls):
                raise MisreadError(part.at, f"{other.word} and {part.word} cannot be pressed together")
        self._check_forbidden(part, on_pad)

    def _check_forbidden(self, part: Part, others: list[Part]) -> None:
        if not others:
            return
        pressed = _controls(part).union(*map(_controls, others))
        for group in self._controller.forbidden:
            if group <= pressed and not group.isdisjoint(_controls(part)):
                words = [other.word for other in (*others, part) if not group.isdisjoint(_controls(other))]
                raise MisreadError(part.at, f"{' and '.join(words)} cannot be pressed together")


def _moment(at: int) -> Chord:
    return (Part(at, Kind.WAIT),)


def _moves(part: Part) -> frozenset[tuple[Control, bool]]:
    return frozenset((control, value > 0) for control, value in part.values)


def _controls(part: Part) -> frozenset[Control]:
    return frozenset(control for control, _ in part.values)
