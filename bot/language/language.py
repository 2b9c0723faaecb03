"""What lines are read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.controllers import Controller


class Macro(NamedTuple):
    """A line with a name: `mash`, parameters `b` and `n`, body `[<b>34ms #34ms]*<n>`."""

    name: str
    parameters: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How chat's lines are read. Compared by identity: a change makes a new one, and caches notice.

    controller  that of the game in force: its words, its limits, what may not be pressed together
    macros      by name, without the #
    pads        how many there are; a line may name any of them
    first_word  only the first word of a line is read: `a lol` is an input
    """

    controller: Controller
    macros: Mapping[str, Macro] = field(default_factory=dict)
    pads: int = 1
    first_word: bool = False
