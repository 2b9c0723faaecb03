"""What somebody may have meant. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

# One slip in a word of five letters. Less, and `!gamble`, which is another bot's, would be taken for `!game`.
_ALIKE: Final = 0.8
_MOST_LETTERS_APART: Final = 1


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of these that is a slip away from `word`, or an empty text."""
    for close in difflib.get_close_matches(word, list(known), n=3, cutoff=_ALIKE):
        if abs(len(close) - len(word)) <= _MOST_LETTERS_APART:
            return close
    return ""
