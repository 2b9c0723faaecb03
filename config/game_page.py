"""What stands in a game's page. `config.games` joins it with a controller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from config.base import Misfit, Model
from config.controller_page import TITLE, Frames, GapMs, Groups, PressMs
from config.kinds import Choice, ControllerName, Real, Text, Whole
from config.play import LevelName
from config.words import MacroHead, Word, Words, head_of

TriggerName = Literal["reward", "cheer", "subscription", "gift"]

_GAP: Final = re.compile("<([a-z]{1,16}|[0-9])>")
# Twitch's own limit for a message, which is also what the grammar reads.
Line = Annotated[str, Text(".{1,500}", "a line as chat would type it, of up to 500 characters")]
AWord = Annotated[str, Word()]
# Cool-downs and idle times: an hour is more than anybody means, and typing 3600 for 3.6 is noticed.
Seconds = Annotated[float, Real(0, 3600)]
AfterSeconds = Annotated[float, Real(1, 3600)]


class CooldownPage(Model):
    """How long an input rests after somebody used it."""

    user_s: Seconds = Field(default=0.0, description="For the same viewer, in seconds.")
    everybody_s: Seconds = Field(default=0.0, description="For everybody, in seconds.")


class TriggerPage(Model):
    """Something on Twitch besides talking, and what is played for it. Of several that fit, the most exact."""

    kind: Annotated[TriggerName, Choice(TriggerName)] = Field(
        description="reward (channel points), cheer (bits), subscription, or gift (subscriptions given away)."
    )
    title: Annotated[str, Text(".{1,45}", "a reward's title, up to 45 characters")] | None = Field(
        default=None, description="For a reward: its title, as you named it on Twitch; without it, any."
    )
    least: Annotated[int, Whole(1, 10_000_000)] = Field(
        default=1, description="How many bits, gifts or channel points it takes, at least."
    )
    line: Line = Field(description="What is played, as chat would type it.")

    def misfits(self) -> Iterator[Misfit]:
        """Only rewards have titles, and a subscription is one subscription."""
        if self.kind != "reward" and self.title is not None:
            yield Misfit(("title",), f"a {self.kind} has no title; only a reward has")
        if self.kind == "subscription" and self.least > 1:
            yield Misfit(("least",), "a subscription is one; wanted 1, or kind: gift")


class IdlePage(Model):
    """What is played when nobody has played for a while."""

    line: Line = Field(description="What is played, as chat would type it.")
    after_s: AfterSeconds = Field(description="After how many seconds without an input.")


class PeriodicPage(Model):
    """What is played again and again, whatever else happens."""

    line: Line = Field(description="What is played, as chat would type it.")
    every_s: AfterSeconds = Field(description="Every how many seconds.")


class GameDefaults(Model):
    """Where this game needs other lengths than the controller's page says."""

    press_ms: PressMs | None = Field(
        default=None, description="How long a press without a duration lasts, in milliseconds."
    )
    gap_ms: GapMs | None = Field(
        default=None, description="How long a button is up between two presses of it, in milliseconds."
    )


class GameLimits(Model):
    """Where one line of chat may ask for more or less than the controller's page says."""

    shortest_ms: PressMs | None = Field(
        default=None, description="How short a mode may make a press that named no duration."
    )
    press_ms: PressMs | None = Field(default=None, description="The longest single press, in milliseconds.")
    total_ms: PressMs | None = Field(default=None, description="The longest whole line, in milliseconds.")
    frames: Frames | None = Field(
        default=None, description="The most frames a line may become, two for each press."
    )


class GamePage(Model):
    """A game: what it adds to a controller, and what it keeps from chat."""

    title: Annotated[str, TITLE] = Field(description="The game's name, for people.")
    controller: Annotated[str, ControllerName()] | None = Field(
        default=None,
        description="The controller it is played with; without it, the bot's configuration says.",
    )
    words: Annotated[dict[AWord, Annotated[tuple[str, ...], Words()]], Field(max_length=64)] = Field(
        default={},
        description="Words of its own: a word of the controller, or a list of those pressed together.",
    )
    forbidden: Groups = Field(default=(), description="Inputs that may not be pressed together: soft resets.")
    locked: Annotated[tuple[AWord, ...], Field(max_length=64)] = Field(
        default=(), description="Inputs that nobody may use."
    )
    gaps: Annotated[dict[AWord, GapMs], Field(max_length=64)] = Field(
        default={},
        description="How long an input is up between two presses, in milliseconds, where not as usual.",
    )
    levels: Annotated[dict[AWord, Annotated[LevelName, Choice(LevelName)]], Field(max_length=64)] = Field(
        default={}, description="Who may use an input, at least: `start: moderator`."
    )
    cooldowns: Annotated[dict[AWord, CooldownPage], Field(max_length=64)] = Field(
        default={}, description="How long inputs rest after somebody used them."
    )
    macros: Annotated[dict[Annotated[str, MacroHead()], Line], Field(max_length=64)] = Field(
        default={}, description="Names for longer lines: `mash(b,n)`, and the line with <b> and <n> in it."
    )
    triggers: Annotated[tuple[TriggerPage, ...], Field(max_length=64)] = Field(
        default=(), description="What is played for channel points, bits, subscriptions and gifts."
    )
    pause: Line | None = Field(
        default=None, description="The input that pauses the game and wakes it again; the mode step needs it."
    )
    idle: IdlePage | None = Field(default=None, description="Played when nobody has played for a while.")
    periodic: PeriodicPage | None = Field(default=None, description="Played again and again.")
    defaults: GameDefaults = Field(default=GameDefaults(), description="Other lengths than the controller's.")
    limits: GameLimits = Field(default=GameLimits(), description="Other limits than the controller's.")

    def misfits(self) -> Iterator[Misfit]:
        """Two macros of one name, and macros whose parameters are not those of their line."""
        seen: dict[str, str] = {}
        for head, body in self.macros.items():
            name, parameters = head_of(head)
            if name in seen:
                yield Misfit(("macros", head), f'there is "{seen[name]}" already; one name, one macro')
            seen[name] = head
            used = [_by_name(gap, parameters) for gap in _GAP.findall(body)]
            for parameter in parameters:
                if parameter not in used:
                    yield Misfit(("macros", head), f"its line has no <{parameter}>")
            for gap in used:
                if gap not in parameters:
                    yield Misfit(("macros", head), f"its line has <{gap}>, which is none of its parameters")


def _by_name(gap: str, parameters: tuple[str, ...]) -> str:
    """`<0>` is the first parameter, whatever its name."""
    return parameters[int(gap)] if gap.isdecimal() and int(gap) < len(parameters) else gap
