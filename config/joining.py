"""A game's page on top of a controller: one Controller with everything in it, and the rules of the crowd."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from config.codes import Control
from config.controller_page import wrong_combination, wrong_times
from config.controllers import Action, Controller
from config.game import Cooldown, Game, Idle, MacroText, TriggerRule
from config.game_page import GamePage
from config.levels import LEVEL_OF
from config.mistakes import ConfigError, Mistake
from config.pages import Page
from config.positions import KeyPath, written
from config.words import Move, clash, head_of, no_repeat, repeats

V = TypeVar("V")


def join(page: Page[GamePage], base: Controller) -> Game:
    """The page on top of the controller `base`. Raises ConfigError with all that does not fit."""
    said, joiner = page.content, _Joiner(page, base)
    controller = joiner.controller()
    game = Game(
        name=page.path.stem,
        title=said.title,
        controller=controller,
        locked=frozenset(joiner.locked()),
        levels=joiner.by_move("levels", {word: LEVEL_OF[level] for word, level in said.levels.items()}),
        cooldowns=joiner.by_move(
            "cooldowns",
            {
                word: Cooldown(round(rest.user_s * 1000), round(rest.everybody_s * 1000))
                for word, rest in said.cooldowns.items()
            },
        ),
        macros=MappingProxyType(
            {
                name: MacroText(parameters, body)
                for (name, parameters), body in ((head_of(head), body) for head, body in said.macros.items())
            }
        ),
        triggers=tuple(
            TriggerRule(rule.kind, rule.title or "", rule.least, rule.line) for rule in said.triggers
        ),
        pause=said.pause,
        idle=Idle(said.idle.line, said.idle.after_s) if said.idle else None,
        periodic=Idle(said.periodic.line, said.periodic.every_s) if said.periodic else None,
        page=page,
    )
    if joiner.mistakes:
        raise ConfigError(page.path, joiner.mistakes)
    return game


class _Joiner:
    """One page and one controller: makes the parts, and collects what is wrong with them."""

    def __init__(self, page: Page[GamePage], base: Controller) -> None:
        self._page = page
        self._base = base
        self._words: dict[str, Action] = dict(base.words)
        self.mistakes: list[Mistake] = []

    def controller(self) -> Controller:
        """The controller with the game's words, combinations, gaps and limits. To be called first."""
        said = self._page.content
        for word, parts in said.words.items():
            action = self._action(word, parts)
            if action is not None:
                self._words[word] = action
        self._check_digits()
        defaults, limits = said.defaults, said.limits
        forbidden = (*self._base.forbidden, *self._forbidden())
        joined = replace(
            self._base,
            words=MappingProxyType(self._allowed(forbidden)),
            forbidden=forbidden,
            gaps=MappingProxyType({**self._base.gaps, **self.by_move("gaps", said.gaps)}),
            default_ms=defaults.press_ms or self._base.default_ms,
            gap_ms=defaults.gap_ms or self._base.gap_ms,
            shortest_ms=limits.shortest_ms or self._base.shortest_ms,
            longest_press_ms=limits.press_ms or self._base.longest_press_ms,
            longest_ms=limits.total_ms or self._base.longest_ms,
            most_frames=limits.frames or self._base.most_frames,
        )
        for misfit in wrong_times(
            joined.shortest_ms, joined.default_ms, joined.longest_press_ms, joined.longest_ms
        ):
            self._note(written(self._page.root, misfit.path, misfit.other), misfit.text)
        return joined

    def locked(self) -> Iterator[Move]:
        """What nobody may press."""
        for at, word in enumerate(self._page.content.locked):
            move = self._move(("locked", at), word)
            if move is not None:
                yield move

    def by_move(self, key: str, table: Mapping[str, V]) -> Mapping[Move, V]:
        """A group of words as a group of moves: what holds for an input holds under all of its names."""
        found: dict[Move, V] = {}
        names: dict[Move, str] = {}
        for word, value in table.items():
            move = self._move((key, word), word)
            if move is None:
                continue
            if move in found:
                self._note((key, word), f'the same input as "{names[move]}", which is here already')
            found[move], names[move] = value, word
        return MappingProxyType(found)

    def _action(self, word: str, parts: tuple[str, ...]) -> Action | None:
        """What a word of the game does. Its parts are the controller's words, never the game's own."""
        unknown = [part for part in parts if part not in self._base.words]
        if unknown:
            self._note(("words", word), self._no_word(unknown[0], self._base.words))
            return None
        actions = [self._base.words[part] for part in parts]
        moves = tuple(move for action in actions for move in action.moves)
        problem = clash(moves)
        clicks = [action.click for action in actions if action.click is not None]
        if problem is None and len(clicks) > 1:
            problem = "these have two clicks; one word has one at most"
        if problem is not None:
            self._note(("words", word), problem)
            return None
        return Action(moves, clicks[0] if clicks else None)

    def _check_digits(self) -> None:
        """None of the game's words may be, or have, what chat reads as its repeat."""
        own = self._page.content.words
        found: dict[str, str] = {}
        for word, letters in repeats(self._words):
            found.setdefault(word if word in own else letters, no_repeat(word, letters))
        for word, problem in found.items():
            self._note(("words", word), problem)

    def _forbidden(self) -> Iterator[frozenset[Control]]:
        for at, group in enumerate(self._page.content.forbidden):
            unknown = [(place, word) for place, word in enumerate(group) if word not in self._words]
            for place, word in unknown:
                self._note(("forbidden", at, place), self._no_word(word, self._words))
            if unknown:
                continue
            actions = [self._words[word].moves for word in group]
            misfits = list(wrong_combination(at, actions))
            for misfit in misfits:
                self._note(misfit.path, misfit.text)
            if not misfits:
                yield frozenset(control for moves in actions for control, _ in moves)

    def _allowed(self, forbidden: tuple[frozenset[Control], ...]) -> dict[str, Action]:
        """The words without those that press something forbidden all by themselves.

        Of the controller's they are left out: who forbids up with left has no use for upleft. The game's own
        are mistakes, for they stand on the same page.
        """
        barred = {
            word
            for word, action in self._words.items()
            if any(group <= action.controls for group in forbidden)
        }
        for word in barred & self._page.content.words.keys():
            self._note(("words", word), "presses what may not be pressed together (`forbidden`)")
        return {word: action for word, action in self._words.items() if word not in barred}

    def _move(self, keys: KeyPath, word: str) -> Move | None:
        """The one move of a word, for rules that hold for single inputs."""
        action = self._words.get(word)
        if action is None:
            self._note(keys, self._no_word(word, self._words))
        elif len(action.moves) > 1:
            self._note(keys, f'"{word}" presses several at once; name each of them')
        else:
            return action.moves[0]
        return None

    def _no_word(self, word: str, known: Mapping[str, Action]) -> str:
        nearest = difflib.get_close_matches(word, known, n=1)
        hint = f'; did you mean "{nearest[0]}"?' if nearest else f"; it has {', '.join(known)}"
        return f'"{word}" is no word of the controller {self._base.name}{hint}'

    def _note(self, keys: KeyPath, text: str) -> None:
        self.mistakes.append(self._page.mistake(keys, text))
