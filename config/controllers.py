"""Controllers: which words chat may use, what each moves, and how much one line may ask for.

A controller is a page of YAML in the folder `controllers` beside this module. What it does not name, chat
cannot reach. A new controller is one new file there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from config.codes import AXES, Control
from config.controller_page import SHORTEST_MS, ControllerPage
from config.mistakes import ConfigError
from config.pages import file_bytes, read_page
from config.words import Move

__all__ = [
    "Action",
    "Controller",
    "ControllerError",
    "Move",
    "controller_file",
    "controller_names",
    "fresh_controller",
    "load_controller",
    "read_controller",
]

_FOLDER: Final = Path(__file__).with_name("controllers")
_NAME: Final = re.compile(r"[a-z0-9_]{1,32}")


class ControllerError(ValueError):
    """No such controller, or a page that makes no sense: one sentence per line, for a person."""


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


def controller_file(name: str) -> Path:
    """The page of the controller called `name`. Raises ControllerError, naming the known ones."""
    if not _NAME.fullmatch(name) or name not in controller_names():
        raise ControllerError(_unknown(name))
    return _FOLDER / f"{name}.yaml"


@cache
def load_controller(name: str) -> Controller:
    """The controller called `name`, read once. Raises ControllerError."""
    return fresh_controller(name)


def fresh_controller(name: str) -> Controller:
    """The controller called `name`, as its page stands now. Raises ControllerError."""
    file = controller_file(name)
    try:
        return read_controller(name, file_bytes(file), file)
    except ConfigError as error:
        raise ControllerError(str(error)) from error


def read_controller(name: str, data: bytes, file: Path) -> Controller:
    """The controller that the YAML `data` of `file` describes. Pure. Raises ConfigError."""
    page = read_page(file, data, ControllerPage).content
    words = {word: Action(moves, page.clicks.get(word)) for word, moves in page.inputs.items()}
    words.update({synonym: words[word] for synonym, word in page.synonyms.items()})
    return Controller(
        name=name,
        title=page.title,
        words=MappingProxyType(words),
        forbidden=tuple(
            frozenset(control for word in group for control, _ in words[word].moves)
            for group in page.forbidden
        ),
        default_ms=page.defaults.press_ms,
        gap_ms=page.defaults.gap_ms,
        longest_press_ms=page.limits.press_ms,
        longest_ms=page.limits.total_ms,
        most_frames=page.limits.frames,
        shortest_ms=page.limits.shortest_ms,
    )


def _unknown(name: str) -> str:
    known = controller_names()
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {nearest[0]}?)" if nearest else ""
    return f'there is no controller "{name[:32]}"{hint}; there are: {", ".join(known)}'
