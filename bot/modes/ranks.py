"""Who has the most of something: votes, or places in a queue. A change costs the same at any size. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from itertools import islice
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Ranks(Generic[Key]):
    """Whole numbers, moved by one at a time, and the keys in order of them.

    Of keys with the same number, the one that has stood at it longest comes first. A key at zero is
    forgotten.
    """

    def __init__(self) -> None:
        self._number: dict[Key, int] = {}
        # The keys at each number, in the order in which they came to it. No entry is empty.
        self._at: dict[int, OrderedDict[Key, None]] = {}
        self._most = 0

    def __len__(self) -> int:
        return len(self._number)

    def __getitem__(self, key: Key) -> int:
        return self._number.get(key, 0)

    def up(self, key: Key) -> None:
        """One more for `key`."""
        number = self._leave(key) + 1
        self._enter(key, number)
        self._most = max(self._most, number)

    def down(self, key: Key) -> None:
        """One less for `key`, which has at least one."""
        number = self._leave(key)
        assert number > 0, "nothing is taken from a key that has nothing"
        if number > 1:
            self._enter(key, number - 1)
        if number == self._most and number not in self._at:
            self._most -= 1  # the key itself is there now; or it was the last one of all

    def first(self) -> Key | None:
        """The key with the highest number; None if there is no key."""
        return next(iter(self._at[self._most])) if self._most else None

    def leading(self, count: int) -> Iterator[tuple[Key, int]]:
        """The first `count` keys and their numbers."""
        return islice(self._in_order(), count)

    def clear(self) -> None:
        """Forgets every key."""
        self._number.clear()
        self._at.clear()
        self._most = 0

    def _in_order(self) -> Iterator[tuple[Key, int]]:
        # N votes stand at no more than sqrt(2 N) different numbers, so there is little to sort.
        for number in sorted(self._at, reverse=True):
            for key in self._at[number]:
                yield key, number

    def _leave(self, key: Key) -> int:
        number = self._number.pop(key, 0)
        if number:
            level = self._at[number]
            del level[key]
            if not level:
                del self._at[number]
        return number

    def _enter(self, key: Key, number: int) -> None:
        self._number[key] = number
        self._at.setdefault(number, OrderedDict())[key] = None
