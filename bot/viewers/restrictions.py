"""What moderators have forbidden single viewers, and until when. Pure.

A restriction names a word, not what it moves: it outlives a change of the game, and means what chat reads.
The word "" is all of them: the viewer is silenced.

It belongs to the moderators: `!forget` deletes what is known of a viewer, and releases nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bot.changes import Change, Released, Restricted

EVERY_WORD: Final = ""
# A moderator who types one every ten seconds for a day makes fewer. About 3 MB when full.
MOST: Final = 10_000


class Restrictions:
    """Who may not use what. Every time is milliseconds since 1970.

    Law of use: after any other call, and when `next_timeout` has come, call `handle_timeout`. What has run
    out counts for nothing even before that.

    on_change  is told what to write down
    """

    def __init__(self, on_change: Callable[[Change], None] | None = None, most: int = MOST) -> None:
        self._on_change = on_change or (lambda _: None)
        self._most = most
        self._users: dict[str, dict[str, float | None]] = {}
        self._count = 0
        self._next_ms: float | None = None

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __contains__(self, user: str) -> bool:
        """Whether there may be one against this viewer; cheap, for everybody who types is asked about."""
        return user in self._users

    def load(self, stored: Iterable[Restricted], now: float) -> None:
        """Takes what an earlier run wrote down, and tells nobody."""
        for restriction in stored:
            if restriction.until_ms is None or restriction.until_ms > now:
                self._put(restriction)
        self._find_next()

    def restrict(self, user: str, word: str, until_ms: float | None) -> bool:
        """From now on `user` may not use `word`; a new date for the same word takes the place of the old one.

        False if there are too many already: then nothing has changed.
        """
        restriction = Restricted(user, word, until_ms)
        if not self._put(restriction):
            return False
        self._find_next()
        self._on_change(restriction)
        return True

    def release(self, user: str) -> bool:
        """Takes back every restriction of `user`; False if there was none."""
        if not self._drop(user):
            return False
        self._find_next()
        self._on_change(Released(user))
        return True

    def of(self, user: str, now: float) -> Mapping[str, float | None]:
        """The words this viewer may not use now, each with its end (None: until released)."""
        words = self._users.get(user, {})
        return {word: until for word, until in words.items() if until is None or until > now}

    def is_silenced(self, user: str, now: float) -> bool:
        """Whether this viewer may use nothing at all now."""
        return user in self._users and EVERY_WORD in self.of(user, now)

    def next_timeout(self) -> float | None:
        """When the next one runs out."""
        return self._next_ms

    def handle_timeout(self, now: float) -> None:
        """Forgets what has run out. Harmless at any time."""
        if self._next_ms is None or now < self._next_ms:
            return
        for user in list(self._users):
            in_force = dict(self.of(user, now))
            if in_force:
                self._count += len(in_force) - len(self._users[user])
                self._users[user] = in_force
            else:
                self._drop(user)
                self._on_change(Released(user))
        self._find_next()

    def _put(self, restriction: Restricted) -> bool:
        user, word, until_ms = restriction
        is_new = word not in self._users.get(user, ())
        if is_new and self._count >= self._most:
            return False
        self._users.setdefault(user, {})[word] = until_ms
        self._count += is_new
        return True

    def _drop(self, user: str) -> bool:
        words = self._users.pop(user, {})
        self._count -= len(words)
        return bool(words)

    def _find_next(self) -> None:
        """Looks at all of them: a millisecond when full, and only when a moderator did something."""
        ends = (until for words in self._users.values() for until in words.values() if until is not None)
        self._next_ms = min(ends, default=None)
