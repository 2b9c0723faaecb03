"""What nobody may press: a game's page locks moves, and moderators lock words. Pure.

A moderator's lock is a word, not what it moves: it outlives a change of the game, and means what chat reads.
A word that the game in force does not have stays locked for one that has it.
"""

from __future__ import annotations

from collections.abc import Iterable

from config.controllers import Controller, Move
from config.games import Game


class Locks:
    """Both kinds of locks.

    words    moderators' own, as an earlier run left them
    by_page  what the page of the game in force locks
    by_hand  what the moderators' words press in the game in force
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = frozenset(words)
        self._controller: Controller | None = None
        self.by_page: frozenset[Move] = frozenset()
        self.by_hand: frozenset[Move] = frozenset()

    @property
    def words(self) -> frozenset[str]:
        """The moderators' words, those included that the game in force does not have."""
        return self._words

    @property
    def moves(self) -> frozenset[Move]:
        """All that is locked at present."""
        return self.by_page | self.by_hand

    def retune(self, game: Game) -> None:
        """Another game, or another edition of its page."""
        self._controller = game.controller
        self.by_page = game.locked
        self._resolve()

    def lock(self, words: Iterable[str]) -> frozenset[Move]:
        """From now on nobody may press what these words do. Returns what that is."""
        words = frozenset(words)
        self._words |= words
        self._resolve()
        return self._moves(words)

    def unlock(self, words: Iterable[str] | None = None) -> frozenset[Move]:
        """Takes moderators' locks back of whatever these words do; None: all of them, in any game. Returns
        what of it stays locked: what the page locks, only the page opens.
        """
        if words is None:
            self._words = frozenset()
            self._resolve()
            return self.by_page
        opened = self._moves(words)
        touched = frozenset(word for word in self._words if opened & self._moves([word]))
        # Of a locked diagonal of which one half is opened, the other half stays.
        left = self.spelled(self._moves(touched) - opened)
        self._words = self._words - touched - frozenset(words) | frozenset(left)
        self._resolve()
        return opened & self.by_page

    def spelled(self, moves: frozenset[Move]) -> list[str]:
        """The shortest way to name these moves here: a word for each, diagonals left out."""
        words: dict[Move, str] = {}
        for word, action in (self._controller.words if self._controller else {}).items():
            if len(action.moves) == 1 and action.moves[0] in moves:
                words.setdefault(action.moves[0], word)
        return sorted(words.values())

    def _resolve(self) -> None:
        self.by_hand = self._moves(self._words)

    def _moves(self, words: Iterable[str]) -> frozenset[Move]:
        known = self._controller.words if self._controller else {}
        return frozenset(move for word in words if word in known for move in known[word].moves)
