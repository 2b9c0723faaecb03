"""What stands in a controller's page. `config.controllers` makes a Controller of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from pydantic import Field

from config.base import Misfit, Model
from config.codes import BUTTONS, STICKS, TRIGGERS, Control
from config.kinds import ControlName, Text, Whole
from config.words import Move, Targets, Word, no_repeat, repeats

# Two frames, a press and its release, per press; a tunnel's sequence has 64 frames at most.
MOST_FRAMES: Final = 64
# Two frames at 60 a second, rounded up: a game that looks once per frame sees it whenever it begins.
SHORTEST_MS: Final = 34
# Long enough for any game to notice, short enough for one step on a grid; the genre's usual figure.
PRESS_MS: Final = 200
# Three frames at 60 a second. A game looks at the pad once per frame, many at 30 a second: shorter, and two
# presses may look like one long one.
GAP_MS: Final = 50
# Long enough to run through a level, short enough that a joker's `left` is soon over.
LONGEST_PRESS_MS: Final = 5_000
LONGEST_MS: Final = 10_000

TITLE: Final = Text("[^ ](.{0,62}[^ ])?", "a title of up to 64 characters")
PressMs = Annotated[int, Whole(1, 60_000)]
GapMs = Annotated[int, Whole(1, 10_000)]
Frames = Annotated[int, Whole(2, MOST_FRAMES)]
Group = Annotated[tuple[Annotated[str, Word()], ...], Field(min_length=2, max_length=8)]
Groups = Annotated[tuple[Group, ...], Field(max_length=32)]


class ControllerDefaults(Model):
    """How long what nobody gave a length is."""

    press_ms: PressMs = Field(
        default=PRESS_MS, description="How long a press without a duration lasts, in milliseconds."
    )
    gap_ms: GapMs = Field(
        default=GAP_MS, description="How long a button is up between two presses of it, in milliseconds."
    )


class ControllerLimits(Model):
    """How much one line of chat may ask for."""

    shortest_ms: PressMs = Field(
        default=SHORTEST_MS, description="How short a mode may make a press that named no duration."
    )
    press_ms: PressMs = Field(default=LONGEST_PRESS_MS, description="The longest single press.")
    total_ms: PressMs = Field(default=LONGEST_MS, description="The longest whole line.")
    frames: Frames = Field(
        default=MOST_FRAMES, description="The most frames a line may become, two for each press."
    )


class ControllerPage(Model):
    """A controller: the words chat may use, and what each moves. What is not named, chat cannot reach."""

    title: Annotated[str, TITLE] = Field(description="The controller's name, for people.")
    inputs: Annotated[
        dict[Annotated[str, Word()], Annotated[tuple[Move, ...], Targets()]],
        Field(min_length=1, max_length=64),
    ] = Field(
        description="What each word moves: a control of the pad (`LY+` and `LY-` are a stick's two ways), or "
        "a list of those that move together. A word is letters, with one digit behind them if the letters "
        "alone are no word."
    )
    clicks: Annotated[
        dict[Annotated[str, Word()], Annotated[Control, ControlName()]], Field(max_length=8)
    ] = Field(default={}, description="The button that an analog trigger also presses at the end of its way.")
    synonyms: Annotated[dict[Annotated[str, Word()], Annotated[str, Word()]], Field(max_length=64)] = Field(
        default={},
        description="Further words for inputs. Few: no talk can begin with one any more by itself.",
    )
    forbidden: Groups = Field(default=(), description="Inputs that may not be pressed together.")
    defaults: ControllerDefaults = Field(
        default=ControllerDefaults(), description="Lengths of what names none."
    )
    limits: ControllerLimits = Field(default=ControllerLimits(), description="What a line may ask for.")

    def misfits(self) -> Iterator[Misfit]:
        """Words that stand for nothing, and times that contradict each other."""
        for synonym, word in self.synonyms.items():
            if synonym in self.inputs:
                yield Misfit(("synonyms", synonym), "is an input already")
            if word not in self.inputs:
                yield Misfit(("synonyms", synonym), f'stands for "{word}", which is no input')
        for word, letters in repeats((*self.inputs, *self.synonyms)):
            key = "inputs" if word in self.inputs else "synonyms"
            yield Misfit((key, word), no_repeat(word, letters))
        for word, button in self.clicks.items():
            moves = self.inputs.get(word, ())
            if [control for control, _ in moves if control in TRIGGERS] == [] or len(moves) != 1:
                yield Misfit(("clicks", word), "is no trigger; only LT and RT have a click at their end")
            if button not in BUTTONS:
                yield Misfit(("clicks", word), f"{button} is no button")
        for at, group in enumerate(self.forbidden):
            yield from self._wrong_group(at, group)
        yield from wrong_times(
            self.limits.shortest_ms, self.defaults.press_ms, self.limits.press_ms, self.limits.total_ms
        )

    def _wrong_group(self, at: int, group: tuple[str, ...]) -> Iterator[Misfit]:
        unknown = [(place, word) for place, word in enumerate(group) if word not in self.inputs]
        for place, word in unknown:
            yield Misfit(("forbidden", at, place), f'"{word}" is no input')
        if unknown:
            return
        yield from wrong_combination(at, [self.inputs[word] for word in group])
        controls = {control for word in group for control, _ in self.inputs[word]}
        for word, moves in self.inputs.items():
            if word not in group and controls <= {control for control, _ in moves}:
                yield Misfit(("forbidden", at), f'"{word}" presses these together, and is an input')


def wrong_combination(at: int, actions: Iterable[tuple[Move, ...]]) -> Iterator[Misfit]:
    """Why these moves are none to forbid together, if so."""
    controls = {control for moves in actions for control, _ in moves}
    if not controls.isdisjoint(STICKS):
        yield Misfit(("forbidden", at), "a stick cannot stand here: that would forbid all of its ways")
    elif len(controls) < 2:
        yield Misfit(("forbidden", at), "these are the same control; wanted two or more")


def wrong_times(shortest: int, press: int, longest_press: int, longest: int) -> Iterator[Misfit]:
    """The four times of a controller in their order: none may be longer than the next."""
    if shortest > press:
        text = f"the shortest press ({shortest} ms) is longer than a usual one (defaults.press_ms, {press})"
        yield Misfit(("limits", "shortest_ms"), text, ("defaults", "press_ms"))
    if press > longest_press:
        text = f"a usual press ({press} ms) is longer than the longest one (limits.press_ms, {longest_press})"
        yield Misfit(("defaults", "press_ms"), text, ("limits", "press_ms"))
    if longest_press > longest:
        text = f"the longest press ({longest_press} ms) is longer than a line (limits.total_ms, {longest})"
        yield Misfit(("limits", "press_ms"), text, ("limits", "total_ms"))
