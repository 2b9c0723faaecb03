"""What a simulated crowd types in each mode, and how each mode is set so that a short demo shows it."""

from __future__ import annotations

from typing import Final, NamedTuple

from config.play import (
    DemocracyOptions,
    ModeName,
    ModesConfig,
    ModeVoteOptions,
    StepOptions,
    TeamsOptions,
    TurnsOptions,
)

# (how often, what)
Table = tuple[tuple[int, str], ...]


class Habits(NamedTuple):
    """What there is to type: inputs, mistyped inputs, talk, and `!` commands."""

    inputs: Table
    typos: Table
    talk: Table
    asks: Table = ()


_TALK: Final = (
    (4, "lol"), (3, "no not that way"), (2, "who keeps pressing start"), (3, "gg"), (2, "wait for it"),
    (2, "left left LEFT please"), (1, "first time here, hi everyone"), (1, "aaaaaaaa why"), (1, "clip that!"),
    (1, "is this live?"), (2, "o7"), (1, "that jump was on purpose, trust me"),
)  # fmt: skip
_TYPOS: Final = ((3, "rigth2s"), (2, "a+"), (2, "lup700%"), (1, "b+b"), (1, "left2ss"), (1, "a500q"))

# A platform game without rules: mostly short, now and then fancy.
_ANYTHING: Final = (
    (20, "a"), (9, "b"), (5, "x"), (5, "y"), (14, "right"), (10, "left"), (6, "up"), (8, "down"),
    (7, "right1s"), (4, "left500ms"), (6, "a+right"), (3, "a+left"), (3, "b+right500ms"), (3, "down down a"),
    (2, "x y x y"), (3, "rright"), (3, "rup70%"), (4, "lup70%"), (5, "lright600ms"), (4, "lleft600ms"),
    (3, "ldown"), (3, "rt70%500ms"), (2, "lt30%400ms"), (3, "rt"), (2, "lb"), (2, "rb"), (1, "start"),
    (1, "back"), (1, "lb+rb"), (1, "a500ms b+right"), (2, "_b right2s -b a"), (2, "[a #200ms]*3"),
    (1, "a*4"), (1, "right300ms . a+right"),
)  # fmt: skip
# Who votes looks at what is ahead: few candidates, so that votes gather.
_VOTES: Final = (
    (20, "right2s"), (15, "a+right"), (11, "a"), (8, "left500ms"), (5, "_b right2s -b a"),
    (4, "[a #200ms]*3"), (3, "down down a"), (2, "lup70%"),
)  # fmt: skip
# The game stands still until chat has decided: steps, not runs.
_STEPS: Final = (
    (20, "right"),
    (14, "a"),
    (9, "left"),
    (7, "up"),
    (4, "right300ms a"),
    (2, "down"),
    (1, "a*2"),
)

# A bare name of a mode is a vote for it. Most want what there is: a demo shows the mode it was asked for.
ANARCHY: Final = Habits(_ANYTHING, _TYPOS, _TALK, asks=((2, "anarchy"), (1, "democracy")))
_HABITS: Final[dict[ModeName, Habits]] = {
    "anarchy": ANARCHY,
    "democracy": Habits(_VOTES, _TYPOS, _TALK, asks=((7, "democracy"), (2, "anarchy"))),
    "step": Habits(_STEPS, _TYPOS, _TALK),
    "turns": Habits(_ANYTHING, _TYPOS, _TALK, asks=((1, "!join"),)),
    "teams": Habits(
        (*_ANYTHING, (3, "&2a"), (2, "&1b+right")), _TYPOS, _TALK, asks=((3, "!join red"), (2, "!join blue"))
    ),
}

# Ten votes are enough for the shares of a crowd to show; of three, two might be for the other mode by chance.
_MODE_VOTE: Final = ModeVoteOptions(enabled=True, least_votes=10)
# Twenty seconds of a demo show several votes and turns; a game that is played for hours takes longer ones.
_SHORT: Final[dict[ModeName, ModesConfig]] = {
    "anarchy": ModesConfig(start="anarchy", vote=_MODE_VOTE),
    "democracy": ModesConfig(
        start="democracy",
        vote=_MODE_VOTE,
        democracy=DemocracyOptions(window_s=6.0, shortest_window_s=4.0),
    ),
    "step": ModesConfig(start="step", step=StepOptions(window_s=5.0)),
    "turns": ModesConfig(start="turns", turns=TurnsOptions(turn_s=6.0, idle_s=4.0)),
    "teams": ModesConfig(start="teams", teams=TeamsOptions(names=("red", "blue"))),
}


def habits(mode: ModeName) -> Habits:
    """What a crowd types in this mode."""
    return _HABITS[mode]


def modes(mode: ModeName) -> ModesConfig:
    """The bot's settings: it starts in this mode, and nothing in it takes long."""
    return _SHORT[mode]


def pads(mode: ModeName) -> int:
    """How many pads this mode plays on."""
    return len(modes(mode).teams.names) if mode == "teams" else 1


def game(mode: ModeName) -> str | None:
    """The game page it needs: step presses the game's pause input."""
    return "platformer" if mode == "step" else None
