"""What is wrong with the lines of a game's page: its macros, and what it plays by itself. Pure.

`config.games` has checked all the rest; lines can only be checked here, where they are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.grammar import Language, Macro, Parsed, Refused, parse
from bot.language.macros import check_macro
from bot.text import normalise
from config.game_page import GamePage
from config.games import Game
from config.mistakes import ConfigError, Mistake
from config.positions import KeyPath
from config.words import head_of


def language_of(game: Game, pads: int) -> Language:
    """What the lines of a game's page are read with: its own words and macros, and no moderator's."""
    macros = {name: Macro(name, text.parameters, text.body) for name, text in game.macros.items()}
    return Language(game.controller, macros, pads=pads)


def check_game(game: Game, pads: int) -> list[Mistake]:
    """Every line of the page that is no input, with its place."""
    if game.page is None:
        return []
    language = language_of(game, pads)
    found = [*_macros(game.page.content, language), *_lines(game.page.content, language)]
    return [game.page.mistake(keys, text) for keys, text in found]


def check_mode(mode: str, game: Game) -> str:
    """Why this mode cannot be played with this game, as a sentence; empty if it can."""
    if mode == "step" and game.pause is None:
        what = f"the page of {game.title} names no `pause`" if game.page else "no game is chosen"
        return f"The mode step needs an input that pauses the game, and {what}."
    return ""


def checked(game: Game, pads: int) -> Game:
    """The same game. Raises ConfigError if its page has lines that are no input."""
    mistakes = check_game(game, pads)
    if mistakes:
        assert game.page is not None, "a game without a page has no lines"
        raise ConfigError(game.page.path, mistakes)
    return game


def _macros(page: GamePage, language: Language) -> Iterator[tuple[KeyPath, str]]:
    for head in page.macros:
        problem = check_macro(language.macros[head_of(head)[0]], language)
        if problem:
            yield ("macros", head), problem


def _lines(page: GamePage, language: Language) -> Iterator[tuple[KeyPath, str]]:
    lines: list[tuple[KeyPath, str | None]] = [
        *((("triggers", at, "line"), rule.line) for at, rule in enumerate(page.triggers)),
        (("pause",), page.pause),
        (("idle", "line"), page.idle.line if page.idle else None),
        (("periodic", "line"), page.periodic.line if page.periodic else None),
    ]
    for keys, line in lines:
        if line is not None:
            match parse(normalise(line), language):
                case Parsed():
                    pass
                case Refused(at, error):
                    yield keys, f'in "{line}", character {at}: {error}'
                case _:
                    yield keys, f'"{line}" is no input of the controller {language.controller.name}'
