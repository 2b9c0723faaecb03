"""The words of a controller, prepared for chat: a look that decides most talk, repeats, near misses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from config.controllers import Action, Controller

# What may stand before the first name of a line: brackets, a hold, a pad.
_BEGIN: Final = re.compile(r"[\[ ]*[_-]?(?:(?:&[0-9]{1,2}|p[0-9]{1,2}:)[_-]?)?([a-z]+|[#.])")
_LETTERS: Final = re.compile("[a-z]+")
_NEARLY: Final = frozenset("0123456789+")
# As many as one digit can say: `aaa` is `a3`.
_MOST_IN_A_ROW: Final = 9
# Shorter, and everything is nearly everything else.
_SHORTEST_NEAR_MISS: Final = 3


class Vocabulary:
    """What the names of one controller make possible.

    words     each name and what it does
    numbered  those of them that end in a digit
    runs     each name that may be repeated by writing it again: `aaa` is (`a`, 3). A run is left out
              where it is a name itself, or where names can make it up in a second way: nobody shall have to
              guess.
    """

    def __init__(self, words: Mapping[str, Action]) -> None:
        self.words = words
        self.numbered = frozenset(name for name in words if name[-1].isdecimal())
        self.runs: dict[str, tuple[str, int]] = {}
        for name in words:
            ways = _ways(name * _MOST_IN_A_ROW, words)
            for times in range(2, _MOST_IN_A_ROW + 1):
                if ways[times * len(name)] == 1:
                    self.runs[name * times] = (name, times)
        self._longest_row = max(map(len, self.runs), default=0)

    def name_at(self, text: str, place: int) -> str:
        """The name that all letters at `place` are, with the digit behind them if that makes one; or ""."""
        letters = _LETTERS.match(text, place)
        if letters is None:
            return ""
        numbered = text[place : letters.end() + 1]
        if numbered in self.numbered:
            return numbered
        return letters[0] if letters[0] in self.words else ""

    def row_at(self, text: str, place: int) -> tuple[str, int] | None:
        """The name that all of `text` from `place` on is a row of, and how often it stands there."""
        return self.runs.get(text[place:]) if len(text) - place <= self._longest_row else None

    def is_name(self, letters: str) -> bool:
        """Whether these letters are an input, or one in a row."""
        return letters in self.words or letters in self.runs

    def may_begin(self, text: str) -> bool:
        """A cheap first look: False where the line can be nothing but talk, whatever follows."""
        begin = _BEGIN.match(text)
        if begin is None:
            return False
        letters = begin[1]
        return self.is_name(letters) or letters in "#." or text[begin.end() : begin.end() + 1] in _NEARLY


@lru_cache(maxsize=32)
def vocabulary_of(controller: Controller) -> Vocabulary:
    """The controller's vocabulary, made once."""
    return Vocabulary(controller.words)


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant by `word`: one of `known` that one slip of a finger turns into it, or ""."""
    if len(word) < _SHORTEST_NEAR_MISS:
        return ""
    return min((name for name in known if len(name) > 1 and _one_slip(word, name)), default="")


def _ways(letters: str, words: Mapping[str, Action]) -> list[int]:
    """For each begin of `letters`, by its length: in how many ways names can make it up."""
    lengths = sorted({len(word) for word in words})
    ways = [1] + [0] * len(letters)
    for end in range(1, len(ways)):
        for length in lengths:
            if length <= end and letters[end - length : end] in words:
                ways[end] += ways[end - length]
    return ways


def _one_slip(typed: str, name: str) -> bool:
    """Whether a letter was left out, added, mistaken, or swapped with its neighbour."""
    if not -1 <= len(typed) - len(name) <= 1 or typed == name:
        return False
    same = next((n for n, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b), None)
    if same is None:
        return True
    typed, name = typed[same:], name[same:]
    if len(typed) != len(name):
        return typed[1:] == name or typed == name[1:]
    return typed[1:] == name[1:] or (typed[:2] == name[1::-1] and typed[2:] == name[2:])
