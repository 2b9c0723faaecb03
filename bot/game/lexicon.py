"""What chat's lines are read with at present: the game's words, its macros and the moderators'. Pure.

Crowds repeat themselves, so a text that was read lately is not read again. A change of game or macros makes
another language, and what was remembered is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Final

from bot.grammar import Language, Macro, Parsed, Refused, Talk, parse
from bot.modes.catalogue import GameRules
from bot.modes.idle import Prompt
from bot.text import normalise
from config.games import Game, Idle

# A few hundred texts are nearly all commands. At worst (64 frames each) 6 MB.
MOST_TEXTS: Final = 1_024


class Lexicon:
    """The language in force.

    game    the game it is that of
    macros  the moderators' own, by name; they win over the game's
    """

    def __init__(self, game: Game, macros: Iterable[Macro], *, pads: int, first_word: bool) -> None:
        self.game = game
        self._own = {macro.name: macro for macro in macros}
        self._pads = pads
        self._first_word = first_word
        self._renew()

    @property
    def macros(self) -> dict[str, Macro]:
        """All there are, by name."""
        return dict(self.language.macros)

    @property
    def own_macros(self) -> dict[str, Macro]:
        """Those of the moderators."""
        return dict(self._own)

    def read(self, text: str) -> Parsed | Refused | Talk:
        """What the normalised text asks for."""
        return self._read(text)

    def rules(self) -> GameRules:
        """What the modes need of the game: the lines of its page, read."""
        game = self.game
        return GameRules(
            game.controller,
            pause=self._line(game.pause),
            idle=self._prompt(game.idle),
            periodic=self._prompt(game.periodic),
        )

    def retune(self, game: Game) -> None:
        """Another game, or another edition of its page."""
        self.game = game
        self._renew()

    def define(self, macro: Macro) -> None:
        """A new macro, or a new body for an old one."""
        self._own[macro.name] = macro
        self._renew()

    def remove(self, name: str) -> bool:
        """Whether the moderators had a macro of that name, which is gone now."""
        known = self._own.pop(name, None) is not None
        if known:
            self._renew()
        return known

    def _line(self, line: str | None) -> Parsed | None:
        """The page was checked (bot.game.lines), but a moderator may have made a macro of the same name since."""
        parsed = None if line is None else self.read(normalise(line))
        return parsed if isinstance(parsed, Parsed) else None

    def _prompt(self, idle: Idle | None) -> Prompt | None:
        parsed = None if idle is None else self._line(idle.line)
        return None if idle is None or parsed is None else Prompt(parsed, idle.after_s * 1000)

    def _renew(self) -> None:
        pages = {name: Macro(name, text.parameters, text.body) for name, text in self.game.macros.items()}
        self.language = Language(
            self.game.controller, pages | self._own, pads=self._pads, first_word=self._first_word
        )
        self._read = lru_cache(maxsize=MOST_TEXTS)(partial(parse, language=self.language))
