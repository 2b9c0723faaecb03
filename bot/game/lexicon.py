"""What chat's lines are read with at present: the game's words, its macros and the moderators'. Pure.

The lines of the game's page are read with its own words and macros, and whole: what they mean is the page's,
whatever moderators have made of a name since, and however chat is read.

Crowds repeat themselves, so a text that was read lately is not read again. A change of game or macros makes
another language, and what was remembered is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Final

from bot.game.lines import language_of
from bot.grammar import TALK, Language, Macro, Parsed, Refused, Talk, parse
from bot.language.vocabulary import vocabulary_of
from bot.modes.rules import GameRules, Prompt
from bot.text import normalise
from config.games import Game, Idle, TriggerRule

# What a crowd types is mostly the same few thousand texts. At worst (64 frames each, and how they came about)
# 40 MB; as crowds type, 4 MB.
MOST_TEXTS: Final = 4_096


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
        self.retune(game)

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
        if not self._may_begin(text):
            return TALK  # most chat, and different every time: it must not push inputs out of memory
        return self._read(text)

    def rules(self) -> GameRules:
        """What the modes need of the game: the lines of its page, read."""
        return self._rules

    def prompted(self, rule: TriggerRule) -> Parsed | None:
        """What a trigger of the game in force plays."""
        return self._triggers.get(rule)

    def retune(self, game: Game) -> None:
        """Another game, or another edition of its page."""
        self.game = game
        self._read_page(language_of(game, self._pads))
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

    def _read_page(self, language: Language) -> None:
        game = self.game
        self._rules = GameRules(
            game.controller,
            pause=_line(game.pause, language),
            idle=_prompt(game.idle, language),
            periodic=_prompt(game.periodic, language),
            name=game.name,
        )
        lines = [(rule, _line(rule.line, language)) for rule in game.triggers]
        self._triggers = {rule: parsed for rule, parsed in lines if parsed is not None}

    def _renew(self) -> None:
        pages = {name: Macro(name, text.parameters, text.body) for name, text in self.game.macros.items()}
        self.language = Language(
            self.game.controller, pages | self._own, pads=self._pads, first_word=self._first_word
        )
        self._may_begin = vocabulary_of(self.game.controller).may_begin
        self._read = lru_cache(maxsize=MOST_TEXTS)(partial(parse, language=self.language))


def _line(line: str | None, language: Language) -> Parsed | None:
    """Of a page that was checked (bot.game.lines), every line is an input."""
    parsed = None if line is None else parse(normalise(line), language)
    return parsed if isinstance(parsed, Parsed) else None


def _prompt(idle: Idle | None, language: Language) -> Prompt | None:
    parsed = None if idle is None else _line(idle.line, language)
    return None if idle is None or parsed is None else Prompt(parsed, idle.after_s * 1000)
