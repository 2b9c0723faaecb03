"""What a game is, once its page and its controller are one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from config.controllers import Controller
from config.game_page import GamePage
from config.levels import Level
from config.pages import Page
from config.words import Move


class Cooldown(NamedTuple):
    """How long an input rests after somebody used it, in milliseconds."""

    user_ms: int
    everybody_ms: int


class MacroText(NamedTuple):
    """A macro as its page has it: `<b>` in the body stands for the parameter `b`."""

    parameters: tuple[str, ...]
    body: str


class TriggerRule(NamedTuple):
    """What is played for what.

    kind   reward, cheer, subscription or gift
    title  a reward's; empty for the others
    least  how many bits or gifts it takes
    """

    kind: str
    title: str
    least: int
    line: str


class Idle(NamedTuple):
    """A line that nobody types, and how long until it is played."""

    line: str
    after_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Game:
    """A game, ready for use. Compared by identity, as its controller is.

    controller  with the game's own words, forbidden combinations, gaps, lengths and limits
    locked      what nobody may press
    levels      who may press what, at least; what is not named, anybody may
    cooldowns   what rests after use
    pause       the input that pauses the game and wakes it, as chat would type it
    idle        played when nobody has played for so long
    periodic    played every so often
    page        the file it came from, so that mistakes have a place; None where there is none
    """

    name: str
    title: str
    controller: Controller
    locked: frozenset[Move] = frozenset()
    levels: Mapping[Move, Level] = field(default_factory=dict)
    cooldowns: Mapping[Move, Cooldown] = field(default_factory=dict)
    macros: Mapping[str, MacroText] = field(default_factory=dict)
    triggers: tuple[TriggerRule, ...] = ()
    pause: str | None = None
    idle: Idle | None = None
    periodic: Idle | None = None
    page: Page[GamePage] | None = None
