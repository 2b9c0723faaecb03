"""The modes there are, and what each is made of. A new mode is one new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, get_args

from bot.grammar import Parsed
from bot.modes.anarchy import Anarchy
from bot.modes.democracy import Democracy
from bot.modes.idle import Prompt
from bot.modes.members import Members, listed
from bot.modes.mode import Mode
from bot.modes.step import Step
from bot.modes.teams import Teams
from bot.modes.turns import Turns
from config.controllers import Controller
from config.play import ModeName, ModesConfig

MODES: Final[tuple[str, ...]] = get_args(ModeName)


class ModeError(ValueError):
    """There is no such mode, or it cannot be played here: a sentence for a person."""


class GameRules(NamedTuple):
    """What the modes need of the game in force.

    pause     the input that pauses it and lets it go on
    idle      played when nobody has played for so long
    periodic  played every so often
    """

    controller: Controller
    pause: Parsed | None = None
    idle: Prompt | None = None
    periodic: Prompt | None = None


class Catalogue:
    """Makes modes.

    queue    the most inputs that may wait in one
    pads     how many the bot plays
    members  who plays for which team: of the catalogue, so that teams outlast a change of mode or game
    """

    def __init__(self, config: ModesConfig, *, queue: int, pads: int) -> None:
        self._config = config
        self._queue = queue
        self._pads = pads
        self.members = Members(config.teams.names)
        self._makers: Mapping[str, Callable[[GameRules], Mode]] = {
            "anarchy": self._anarchy,
            "democracy": lambda rules: Democracy(config.democracy, rules.controller),
            "turns": lambda rules: Turns(config.turns, rules.controller),
            "teams": self._teams,
            "step": self._step,
        }

    def make(self, name: str, rules: GameRules) -> Mode:
        """The mode called `name`, with nothing waiting. Raises ModeError."""
        maker = self._makers.get(name)
        if maker is None:
            raise ModeError(f'There is no mode "{name[:16]}"; there are {listed(MODES)}.')
        return maker(rules)

    def _anarchy(self, rules: GameRules) -> Mode:
        return Anarchy(self._config.anarchy, rules.controller, queue=self._queue)

    def _teams(self, rules: GameRules) -> Mode:
        names = self._config.teams.names
        if len(names) > self._pads:
            raise ModeError(f"{len(names)} teams need as many pads, and the bot has only {self._pads}.")
        return Teams(self._anarchy(rules), self.members, automatic=self._config.teams.automatic)

    def _step(self, rules: GameRules) -> Mode:
        if rules.pause is None:
            raise ModeError("Step needs to pause the game, and the game file names no pause input.")
        try:
            return Step(self._config.step, rules.controller, rules.pause)
        except ValueError as error:
            raise ModeError(str(error)) from error
