"""Controller profiles: which words chat may use, what each moves, and how much one line may ask for.

A profile is a YAML file in the folder `controllers` beside this module. What it does not name, chat cannot
reach. A new controller is one new file there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from config.codes import AXES, STICKS, Control

_FOLDER: Final = Path(__file__).with_name("controllers")
_NAME: Final = re.compile(r"[a-z0-9_]{1,32}")
# Two frames, a press and its release, per press; a tunnel's sequence has 64 frames at most.
_MOST_FRAMES: Final = 64


# Two frames at 60 a second, rounded up: a game that looks once per frame sees it whenever it begins.
SHORTEST_MS: Final = 34


class ControllerError(ValueError):
    """No such controller, or a profile that makes no sense: a sentence for a person."""


# One control, and the way it goes at 100 % (-1 or 1; 1 for everything but a stick's axis).
Move = tuple[Control, int]


class Action(NamedTuple):
    """What one word does: the moves it makes together, such as UP and LEFT for a diagonal.

    click  a button that a trigger also presses, at the end of its way; None for everything else
    """

    moves: tuple[Move, ...]
    click: Control | None = None

    @property
    def analog(self) -> bool:
        """Whether the word takes an amount: sticks and triggers do, buttons do not."""
        return all(control in AXES for control, _ in self.moves)

    @property
    def controls(self) -> frozenset[Control]:
        """Everything it touches."""
        return frozenset(control for control, _ in self.moves) | ({self.click} if self.click else set())


@dataclass(frozen=True, slots=True, eq=False)
class Controller:
    """A profile, ready for use. Compared by identity, so that it can be a cheap key of a cache.

    words      every word chat may use, synonyms included, in lower case
    forbidden  controls that may not be pressed together
    default_ms        how long a press without a duration lasts
    shortest_ms       how short such a press may become where a mode sets the pace
    gap_ms            how long a button is up between two presses of it
    gaps              the same for single moves that need longer
    longest_press_ms  the longest single press
    longest_ms        the longest whole line
    most_frames       the most frames one line may become, two per press
    """

    name: str
    title: str
    words: Mapping[str, Action]
    forbidden: tuple[frozenset[Control], ...]
    default_ms: int
    gap_ms: int
    longest_press_ms: int
    longest_ms: int
    most_frames: int
    shortest_ms: int = SHORTEST_MS
    gaps: Mapping[Move, int] = field(default_factory=dict)


def controller_names() -> tuple[str, ...]:
    """The controllers there are, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def load_controller(name: str) -> Controller:
    """The controller called `name`. Raises ControllerError, naming the known ones."""
    if not _NAME.fullmatch(name) or name not in controller_names():
        raise ControllerError(_unknown(name))
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return read_controller(name, text)


def read_controller(name: str, text: str) -> Controller:
    """The controller that the YAML `text` describes. Raises ControllerError, a line per mistake."""
    try:
        document: Any = yaml.safe_load(text)
        profile = _Profile.model_validate(document)
    except yaml.YAMLError as error:
        raise ControllerError(f"controller {name} is no YAML: {error}") from error
    except ValidationError as error:
        raise ControllerError("\n".join(_mistake(name, each) for each in error.errors())) from error
    words = {word: _action(target) for word, target in profile.inputs.items()}
    words.update({synonym: words[word] for synonym, word in profile.synonyms.items()})
    return Controller(
        name=name,
        title=profile.title,
        words=MappingProxyType(words),
        forbidden=tuple(
            frozenset().union(*(words[word].controls for word in group)) for group in profile.forbidden
        ),
        default_ms=profile.defaults.press_ms,
        gap_ms=profile.defaults.gap_ms,
        longest_press_ms=profile.limits.press_ms,
        longest_ms=profile.limits.total_ms,
        most_frames=profile.limits.frames,
    )


# Letters only: a digit after a word begins a number, so that no press can be read in two ways.
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,16}$")]
_Target = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,5}[+-]?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Defaults(_Strict):
    # Long enough for any game to notice, short enough for one step on a grid; the genre's usual figure.
    press_ms: int = Field(default=200, ge=1, le=10_000)
    # Three frames at 60 a second. A game looks at the pad once per frame, many at 30 a second: shorter,
    # and two presses may look like one long one.
    gap_ms: int = Field(default=50, ge=1, le=1_000)


class _Limits(_Strict):
    # Long enough to run through a level, short enough that a joker's `left` is soon over.
    press_ms: int = Field(default=5_000, ge=1, le=60_000)
    total_ms: int = Field(default=10_000, ge=1, le=60_000)
    frames: int = Field(default=_MOST_FRAMES, ge=2, le=_MOST_FRAMES)


class _Profile(_Strict):
    title: str = Field(min_length=1, max_length=64)
    inputs: dict[_Word, _Target] = Field(min_length=1, max_length=64)
    synonyms: dict[_Word, _Word] = Field(default={}, max_length=64)
    forbidden: tuple[tuple[_Word, ...], ...] = ()
    defaults: _Defaults = _Defaults()
    limits: _Limits = _Limits()

    @model_validator(mode="after")
    def _words_fit_together(self) -> _Profile:
        for target in self.inputs.values():
            _action(target)
        for synonym, word in self.synonyms.items():
            if synonym in self.inputs:
                raise ValueError(f'synonym "{synonym}" is already an input')
            if word not in self.inputs:
                raise ValueError(f'synonym "{synonym}" stands for "{word}", which is no input')
        for word in (word for group in self.forbidden for word in group):
            if word not in self.inputs:
                raise ValueError(f'forbidden names "{word}", which is no input')
        if self.defaults.press_ms > self.limits.press_ms or self.limits.press_ms > self.limits.total_ms:
            raise ValueError("a default press fits the longest press, and the longest press the longest line")
        return self


def _action(target: str) -> Action:
    """`A` is a button or a trigger, `LY+` and `LY-` are the two ways of a stick's axis."""
    name = target.rstrip("+-")
    if name not in Control.__members__:
        raise ValueError(f'"{target}" is no control; there are {", ".join(Control)}')
    control = Control[name]
    if (control in STICKS) != (name != target):
        raise ValueError(f'"{target}": a stick needs + or - after it, nothing else takes one')
    return Action(((control, -1 if target.endswith("-") else 1),))


def _mistake(name: str, error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the file"
    return f"controller {name}, {where}: {error['msg']}"


def _unknown(name: str) -> str:
    known = controller_names()
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    return f'there is no controller "{name[:32]}"{hint}; there are: {", ".join(known)}'
