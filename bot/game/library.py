"""Puts a game in force: asked for by a moderator, or because its page was edited."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.changes import Change, SettingChanged
from bot.game.keeper import GameKeeper, Rejected, Reloaded
from config.games import Game

log = logging.getLogger(__name__)


class GameLibrary:
    """The library of bot.desk.

    on_game    puts a game in force, and says what else changed because of it; often nothing
    on_change  told which game to begin with after a restart
    """

    def __init__(
        self, keeper: GameKeeper, on_game: Callable[[Game, float], str], on_change: Callable[[Change], None]
    ) -> None:
        self._keeper = keeper
        self._on_game = on_game
        self._on_change = on_change

    @property
    def game(self) -> Game:
        """The one in force."""
        return self._keeper.game

    def names(self) -> tuple[str, ...]:
        """The games there are; the one in force first, if any is."""
        current = self._keeper.game.name
        names = self._keeper.names()
        return (current, *(name for name in names if name != current)) if current in names else names

    def switch(self, name: str, now: float) -> str:
        """Another game, or why not."""
        answer = self._keeper.switch(name)
        if isinstance(answer, Reloaded):
            self._on_change(SettingChanged("game", name))
        return self._enforce(answer, now)

    def reload(self, now: float) -> str:
        """The same game, read anew; or what is wrong with its page, and that the old one stays."""
        return self._enforce(self._keeper.reload(), now)

    def look(self, now: float) -> None:
        """Whether somebody edited the page. Call it once a second."""
        answer = self._keeper.check(now)
        if answer is not None:
            self._enforce(answer, now)

    def _enforce(self, answer: Reloaded | Rejected, now: float) -> str:
        if isinstance(answer, Rejected):
            log.warning("The game's page is not taken; what was in force stays.\n%s", answer.text)
            return f"{answer.sentence} What was in force stays."
        sentence = f"{answer.sentence} {self._on_game(answer.game, now)}".rstrip()
        log.info("%s", sentence)
        return sentence
