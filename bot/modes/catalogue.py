"""The modes there are, and what each is made of. A new mode is one new file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, get_args

from bot.modes.anarchy import Anarchy
from bot.modes.democracy import Democracy
from bot.modes.members import Members
from bot.modes.mode import Mode, ModeError
from bot.modes.rules import GameRules
from bot.modes.sentences import listed
from bot.modes.stage import Stage
from bot.modes.step import StepMode
from bot.modes.teams import Teams
from bot.modes.turns import Turns
from config.play import ModeName, ModesConfig

MODES: Final[tuple[str, ...]] = get_args(ModeName)


class Catalogue:
    """Makes modes.

    queue    the most inputs that may wait in one
    pads     how many the bot plays
    stage    what plays on them; of the catalogue, as the members are, so that both outlast a change of mode
    members  who plays for which team
    """

    def __init__(self, config: ModesConfig, *, queue: int, pads: int) -> None:
        self._config = config
        self._queue = queue
        self._pads = pads
        self.stage = Stage(pads)
        self.members = Members(config.teams.names)
        self._makers: Mapping[str, Callable[[GameRules], Mode]] = {
            "anarchy": self._anarchy,
            "democracy": lambda rules: Democracy(config.democracy, rules, self.stage),
            "turns": lambda rules: Turns(config.turns, rules, self.stage),
            "teams": self._teams,
            "step": lambda rules: StepMode(config.step, rules, self.stage),
        }

    def make(self, name: str, rules: GameRules) -> Mode:
        """The mode called `name`, with nothing waiting. Raises ModeError."""
        maker = self._makers.get(name)
        if maker is None:
            raise ModeError(f'There is no mode "{name[:16]}"; there are {listed(MODES)}.')
        return maker(rules)

    def _anarchy(self, rules: GameRules) -> Mode:
        return Anarchy(self._config.anarchy, rules, self.stage, queue=self._queue)

    def _teams(self, rules: GameRules) -> Mode:
        names = self._config.teams.names
        if len(names) > self._pads:
            raise ModeError(f"{len(names)} teams need as many pads, and the bot has only {self._pads}.")
        return Teams(self._anarchy(rules), self.members, automatic=self._config.teams.automatic)
