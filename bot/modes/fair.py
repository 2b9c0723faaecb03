"""The queue of those who wait for a place on a pad: bounded, and fair between users. Pure.

- Users take turns: round robin over those who wait, each user's own items in order. Somebody who sends a
  hundred gets as many turns as somebody who sends one.
- An item needs a place on every one of its pads. Who is earlier in turn and cannot go yet keeps its pads for
  itself: nobody overtakes it there, so an item for two busy pads is served too. On other pads others go on.
- An item must agree with what plays there (bot.modes.guard). Who is earlier in turn and does not agree yet
  keeps for itself only what it depends on: on its pads others go on, but with nothing it could not join.
- When it is full, the oldest item of the user with the most waiting goes: the newest is kept, and who floods
  pushes out nobody else.
- What has waited too long goes.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from bot.modes.guard import NOTHING, Touched
from bot.modes.ranks import Ranks

Item = TypeVar("Item")
Pads = frozenset[int]


class FairQueue(Generic[Item]):
    """At most `capacity` items, none older than `longest_wait_ms`. Every call costs the same at any length,
    but for `remove`, which looks at each item.

    counters  where `shed` (pushed out by newer ones) and `expired` (waited too long) are counted
    load_ms   per pad, how long everything that waits for it would play, one after the other, as it was typed
    """

    def __init__(self, capacity: int, longest_wait_ms: float, counters: Counter[str]) -> None:
        self._capacity = capacity
        self._longest_wait_ms = longest_wait_ms
        self._counters = counters
        self.load_ms: Counter[int] = Counter()
        self._numbers = count()
        # Every item by its number, the oldest first. An OrderedDict, for a dict that loses its first key
        # again and again must step over all it ever lost.
        self._entries: OrderedDict[int, _Entry[Item]] = OrderedDict()
        self._own: dict[str, deque[int]] = {}
        self._most = Ranks[str]()
        # Who is next among those whose first item needs the same: user -> the moment of joining that line,
        # ascending. There are few lines: a set of pads each, 15 for four pads, times the sets of forbidden
        # controls that a crowd types, which is one where nothing is forbidden.
        self._lines: dict[_Needs, OrderedDict[str, int]] = {}
        self._tickets = count()

    def __len__(self) -> int:
        return len(self._entries)

    def push(
        self, item: Item, user: str, pads: Pads, length_ms: int, now: float, touched: Touched = NOTHING
    ) -> None:
        """Queues what `user` wants to play on `pads` for `length_ms`; what there is no room for goes."""
        number = next(self._numbers)
        needs = _Needs(pads, touched)
        self._entries[number] = _Entry(item, user, needs, length_ms, now)
        for pad in pads:
            self.load_ms[pad] += length_ms
        self._most.up(user)
        own = self._own.get(user)
        if own is None:
            self._own[user] = deque([number])
            self._stand(user, needs)
        else:
            own.append(number)
        if len(self._entries) > self._capacity:
            most = self._most.first()
            assert most is not None, "a queue that is too long has users"
            self._take(self._own[most][0])
            self._counters["shed"] += 1

    def is_clear(self, user: str, pads: Pads) -> bool:
        """Whether `user` may play on `pads` now and go before nobody, and before nothing of their own."""
        if not self._entries:
            return True
        return user not in self._own and not any(self.load_ms[pad] for pad in pads)

    def pop(self, free: Pads, agrees: Callable[[Touched, Touched], bool] = lambda _, __: True) -> Item | None:
        """The next in turn that needs only `free` pads, and there agrees with what plays and with what those
        before it have claimed; None if there is none.
        """
        claimed = NOTHING
        for needs, line in sorted(self._lines.items(), key=_next_ticket):
            if not free:
                return None
            if not needs.pads <= free:
                free -= needs.pads
            elif agrees(needs.touched, claimed):
                return self._serve(next(iter(line)))
            else:
                claimed |= needs.touched
        return None

    def remove(self, unwanted: Callable[[Item], bool]) -> int:
        """Takes back every item that is `unwanted`, and says how many."""
        numbers = [number for number, entry in self._entries.items() if unwanted(entry.item)]
        for number in numbers:
            self._take(number)
        return len(numbers)

    def handle_timeout(self, now: float) -> None:
        """Drops what has waited too long."""
        while self._entries:
            number, entry = next(iter(self._entries.items()))
            if entry.pushed + self._longest_wait_ms > now:
                return
            self._take(number)
            self._counters["expired"] += 1

    def next_timeout(self) -> float | None:
        """When the oldest item will have waited too long."""
        if not self._entries:
            return None
        return next(iter(self._entries.values())).pushed + self._longest_wait_ms

    def _serve(self, user: str) -> Item:
        """The first item of `user`, who goes to the end of the line."""
        entry = self._take(self._own[user][0])
        if user in self._own:
            self._leave(user, self._first_needs(user))
            self._stand(user, self._first_needs(user))
        return entry.item

    def _take(self, number: int) -> _Entry[Item]:
        """Takes an item out. Its user keeps the turn, unless the next item has other needs."""
        entry = self._entries.pop(number)
        for pad in entry.needs.pads:
            self.load_ms[pad] -= entry.length_ms
        self._most.down(entry.user)
        own = self._own[entry.user]
        was_first = own[0] == number
        own.remove(number)  # at once where it is the first, as it is but for `remove`
        if not own:
            del self._own[entry.user]
            self._leave(entry.user, entry.needs)
        elif was_first and self._first_needs(entry.user) != entry.needs:
            self._leave(entry.user, entry.needs)
            self._stand(entry.user, self._first_needs(entry.user))
        return entry

    def _first_needs(self, user: str) -> _Needs:
        return self._entries[self._own[user][0]].needs

    def _stand(self, user: str, needs: _Needs) -> None:
        self._lines.setdefault(needs, OrderedDict())[user] = next(self._tickets)

    def _leave(self, user: str, needs: _Needs) -> None:
        line = self._lines[needs]
        del line[user]
        if not line:
            del self._lines[needs]


class _Needs(NamedTuple):
    pads: Pads
    touched: Touched


class _Entry(NamedTuple, Generic[Item]):
    item: Item
    user: str
    needs: _Needs
    length_ms: int
    pushed: float


def _next_ticket(line: tuple[_Needs, OrderedDict[str, int]]) -> int:
    return next(iter(line[1].values()))
