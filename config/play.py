"""How chat's inputs become what is played: the modes, the commands, the answers. Part of the bot's file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from config.base import Misfit, Model
from config.kinds import Choice, Flag, Real, Text, Whole
from config.levels import Level

ModeName = Literal["anarchy", "democracy", "turns", "teams", "step"]
LevelName = Literal["viewer", "subscriber", "vip", "moderator", "broadcaster"]
CommandName = Literal[
    "help", "controls", "mode", "vote", "join", "me", "forget",
    "pause", "resume", "neutral", "lock", "unlock", "restrict", "silence", "release", "macro", "game",
    "reload", "stats", "mode_set", "macro_add",
]  # fmt: skip

_FOR_EVERYBODY: Final = ("help", "controls", "mode", "vote", "join", "me", "forget")


class AnarchyOptions(Model):
    """As they come, through a buffer of about constant depth."""

    together: Annotated[int, Whole(1, 4096)] = Field(
        default=8, description="Inputs that may play on one pad at the same time; more wait their turn."
    )
    depth_ms: Annotated[int, Whole(0, 10_000)] = Field(
        default=1000,
        description="How long an input should wait at most: presses grow shorter and longer to keep it so.",
    )
    longest_wait_ms: Annotated[int, Whole(100, 60_000)] = Field(
        default=5000, description="What waited this long, in milliseconds, is dropped."
    )


class DemocracyOptions(Model):
    """Chat votes, and the winner is played."""

    window_s: Annotated[float, Real(1, 600)] = Field(
        default=20.0, description="How long a vote lasts, in seconds, when many take part."
    )
    shortest_window_s: Annotated[float, Real(1, 600)] = Field(
        default=5.0, description="How long it lasts when few take part."
    )
    full_at: Annotated[int, Whole(1, 100_000)] = Field(
        default=40, description="How many active voters make a vote last its full time."
    )
    quorum_share: Annotated[float, Real(0, 1)] = Field(
        default=0.1, description="Which share of the active voters must vote for a result to count."
    )

    def misfits(self) -> Iterator[Misfit]:
        """The shortest of the windows is not the longest."""
        if self.shortest_window_s > self.window_s:
            text = (
                f"the shortest ({self.shortest_window_s:g} s) is longer than window_s ({self.window_s:g} s)"
            )
            yield Misfit(("shortest_window_s",), text, ("window_s",))


class StepOptions(Model):
    """The game stands still while chat votes; the winner plays a moment. The game file names `pause`."""

    window_s: Annotated[float, Real(1, 600)] = Field(
        default=10.0, description="How long a vote lasts, in seconds."
    )
    moment_ms: Annotated[int, Whole(50, 10_000)] = Field(
        default=1000, description="How long the game runs for the winner, in milliseconds, at least."
    )


class TurnsOptions(Model):
    """One viewer at a time."""

    turn_s: Annotated[float, Real(1, 3600)] = Field(
        default=30.0, description="How long a turn lasts, in seconds."
    )
    idle_s: Annotated[float, Real(1, 3600)] = Field(
        default=10.0, description="A turn in which nothing is typed for so long goes to the next viewer."
    )


TeamName = Annotated[str, Text("[a-z]{1,16}", "a team's name: up to 16 of a-z")]


class TeamsOptions(Model):
    """Each team plays a pad of its own."""

    names: Annotated[tuple[TeamName, ...], Field(min_length=1, max_length=4)] = Field(
        default=("red", "blue"), description="The teams; the first plays pad 1, the second pad 2, up to four."
    )
    automatic: Annotated[bool, Flag()] = Field(
        default=True, description="Whether who types without having joined is put into the smallest team."
    )


class ModeVoteOptions(Model):
    """Chat moves between anarchy and democracy."""

    enabled: Annotated[bool, Flag()] = Field(
        default=False, description="Whether chat may vote for the mode, with `!vote` or the mode's name."
    )
    to_democracy: Annotated[float, Real(0.5, 1)] = Field(
        default=0.75, description="The share of mode votes that brings democracy."
    )
    to_anarchy: Annotated[float, Real(0.5, 1)] = Field(
        default=0.5, description="The share of mode votes that brings anarchy back."
    )
    least_votes: Annotated[int, Whole(1, 1_000_000)] = Field(
        default=3, description="With fewer votes than this nothing changes."
    )
    vote_lasts_s: Annotated[float, Real(10, 86_400)] = Field(
        default=600.0, description="How long a vote counts, in seconds, unless its viewer votes anew."
    )
    cooldown_s: Annotated[float, Real(0, 86_400)] = Field(
        default=60.0, description="How long a mode lasts at least, in seconds, after it has changed."
    )


class ModesConfig(Model):
    """Who decides what is played."""

    start: Annotated[ModeName, Choice(ModeName)] = Field(
        default="anarchy", description="The mode at the start, unless a moderator has set another since."
    )
    vote: ModeVoteOptions = Field(default=ModeVoteOptions(), description="Whether chat may change the mode.")
    anarchy: AnarchyOptions = Field(default=AnarchyOptions(), description="For anarchy.")
    democracy: DemocracyOptions = Field(default=DemocracyOptions(), description="For democracy.")
    step: StepOptions = Field(default=StepOptions(), description="For step.")
    turns: TurnsOptions = Field(default=TurnsOptions(), description="For turns.")
    teams: TeamsOptions = Field(default=TeamsOptions(), description="For teams.")


class CommandsConfig(Model):
    """What viewers and moderators may type with a `!`."""

    enabled: Annotated[bool, Flag()] = Field(default=True, description="Whether there are any.")
    levels: dict[Annotated[CommandName, Choice(CommandName)], Annotated[LevelName, Choice(LevelName)]] = (
        Field(default={}, description="Who may use which, where it is not the usual: `game: vip`.")
    )
    answer_mistakes: Annotated[bool, Flag()] = Field(
        default=True, description="Whether a mistyped input is answered with what is wrong, now and then."
    )

    def level(self, command: str) -> Level:
        """The lowest level that may use this command."""
        said: str | None = self.levels.get(command)  # type: ignore[call-overload]  # any text may be asked for
        if said is not None:
            return Level[said.upper()]
        return Level.VIEWER if command in _FOR_EVERYBODY else Level.MODERATOR
