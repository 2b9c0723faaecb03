"""Who is known: the viewers' names and counts, and who wished not to be known. Pure.

What is kept of a viewer, and why: the account's id (restrictions hold on to it), its names (moderators name
people by them), how many inputs were taken and played, and when the viewer was first and last here. Nobody
who never comes back is kept for long: bot.store deletes whoever was away for half a year.

Who has asked to be forgotten plays like everybody. While the program runs it knows their names, so that
moderators can name them; nothing about them is counted or written, but for the wish itself.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from bot.changes import Change, PersonForgotten, PersonSeen
from bot.chat.line import ChatLine
from config.levels import Level

# About 120 MB when full (bench/people.py weighs half of it): more than ever wrote in one channel in half a
# year. Past that, whoever was here longest ago is dropped from memory, and stays in the store.
MOST_PEOPLE: Final = 200_000
# A wish is kept for good, for it must hold after years: 10 MB when full. Past that the oldest is dropped.
MOST_WISHES: Final = 100_000
# One transaction of the store: some 20 ms of a slow disk.
MOST_IN_A_BATCH: Final = 2_000
# Twitch's names have 25 letters at most, its ids a dozen digits. Whatever else speaks stays bounded too.
LONGEST: Final = 100


class Person(NamedTuple):
    """A viewer, as known.

    login      the account's login name; empty where the source tells none
    level      as last seen since the program began; not stored
    commands   inputs that were taken
    played     inputs that the receiver played
    first_ms, last_ms  when this viewer was first and last here
    opted_out  asked to be forgotten: the names are in memory alone, the counts are zero
    is_whole   whether this is all there is; if not, the store holds more counts from earlier
    """

    user: str
    login: str
    name: str
    level: Level
    commands: int
    played: int
    first_ms: float
    last_ms: float
    opted_out: bool
    is_whole: bool


class People:
    """The known viewers, by account id and by name.

    Law of use: call `changes` every few seconds, until it returns nothing. What it has returned, the caller
    answers for.

    on_change  is told at once what cannot wait for that: who is to be forgotten
    """

    def __init__(
        self,
        on_change: Callable[[Change], None] | None = None,
        most: int = MOST_PEOPLE,
        most_wishes: int = MOST_WISHES,
    ) -> None:
        self._on_change = on_change or (lambda _: None)
        self._most = most
        self._most_wishes = most_wishes
        # Who was here longest ago comes first. Most of those loaded never come, and stay as loaded.
        self._rows: OrderedDict[str, _Row | PersonSeen] = OrderedDict()
        self._unsaved: dict[str, _Row] = {}
        self._wishes: dict[str, None] = {}  # in the order they were made
        self._by_login: dict[str, str] = {}
        self._by_name: dict[str, str] = {}  # only where it is not the login in other letters
        self._store_has_more = False
        self.counters: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._rows)

    def load(self, stored: Iterable[PersonSeen], wishes: Iterable[str], *, is_all: bool = True) -> None:
        """Takes what earlier runs wrote down, who was here longest ago first.

        is_all  whether the store has nobody besides
        """
        self._store_has_more = not is_all
        self._wishes = dict.fromkeys(wishes)
        for person in stored:
            self._enter(person)

    def seen(self, line: ChatLine, now: float) -> None:
        """This viewer has just written something."""
        row = self._row(line.user)
        if row is None:
            row = self._meet(line, now)
            if row is None:
                return
        else:
            self._rows.move_to_end(line.user)
        if row.name != line.name or row.login != line.login:
            self._rename(row, line)
        row.level = line.level
        row.last_ms = now
        self._touch(row)

    def acted(self, user: str) -> None:
        """An input of this viewer's was taken."""
        row = self._row(user)
        if row is not None and not row.opted_out:
            row.new_commands += 1
            self._touch(row)

    def played(self, user: str) -> None:
        """An input of this viewer's was played."""
        row = self._row(user)
        if row is not None and not row.opted_out:
            row.new_played += 1
            self._touch(row)

    def find(self, name: str) -> Person | None:
        """Whoever is meant by a login or a display name, with or without @, in any letters.

        A login comes before another's display name: only logins are given out once.
        """
        key = name.strip().removeprefix("@").casefold()
        user = (self._by_login.get(key) or self._by_name.get(key)) if key else None
        row = None if user is None else self._row(user)
        return None if row is None else row.as_person()

    def me(self, user: str) -> Person | None:
        """What is stored of this viewer, or will be within seconds; None if nothing is."""
        row = self._row(user)
        return None if row is None or row.opted_out else row.as_person()

    def has_opted_out(self, user: str) -> bool:
        """Whether this viewer wished not to be known."""
        return user in self._wishes

    def forget(self, user: str) -> None:
        """Deletes all that is kept of this viewer, here and in the store, and keeps it so until `welcome`.

        The store may know who is not in memory, so it is told in any case.
        """
        if user in self._wishes:
            return
        self._leave(user)
        self._unsaved.pop(user, None)
        if len(self._wishes) >= self._most_wishes:
            oldest = next(iter(self._wishes))
            self.counters["wishes_dropped"] += 1
            self.welcome(oldest)
        self._wishes[user] = None
        self._on_change(PersonForgotten(user, opted_out=True))

    def welcome(self, user: str) -> None:
        """This viewer wants to be known again, from the next line on."""
        if user in self._wishes:
            del self._wishes[user]
            self._leave(user)
            self._on_change(PersonForgotten(user, opted_out=False))

    def changes(self, most: int = MOST_IN_A_BATCH) -> list[PersonSeen]:
        """Who has changed since they were last returned, at most so many, those who waited longest first."""
        users = [user for user, _ in zip(self._unsaved, range(most), strict=False)]
        return [self._unsaved.pop(user).as_change() for user in users]

    def _row(self, user: str) -> _Row | None:
        row = self._rows.get(user)
        if isinstance(row, PersonSeen):
            _, login, name, commands, played, first_ms, last_ms = row
            row = self._rows[user] = _Row(user, login, name, first_ms, last_ms, commands, played)
        return row

    def _meet(self, line: ChatLine, now: float) -> _Row | None:
        user = line.user
        if not 0 < len(user) <= LONGEST:
            self.counters["odd_user"] += 1
            return None
        row = self._unsaved.get(user)
        if row is None:
            row = _Row(user, line.login[:LONGEST], line.name[:LONGEST], now, now)
            row.opted_out = user in self._wishes
            row.is_whole = not self._store_has_more
        self._enter(row)
        if len(self._rows) > self._most:
            self._leave(next(iter(self._rows)))
            self._store_has_more = True
        return row

    def _touch(self, row: _Row) -> None:
        if row.user in self._unsaved or row.opted_out:
            return
        if len(self._unsaved) >= self._most:
            # The store has not been written for as long as it takes so many to come by.
            del self._unsaved[next(iter(self._unsaved))]
            self.counters["unsaved_dropped"] += 1
        self._unsaved[row.user] = row

    def _enter(self, row: _Row | PersonSeen) -> None:
        self._rows[row.user] = row
        shown = row.name.casefold()
        key = row.login or shown
        self._by_login[key] = row.user
        if shown != key:
            self._by_name[shown] = row.user

    def _leave(self, user: str) -> None:
        row = self._rows.pop(user, None)
        if row is not None:
            self._unname(row)

    def _rename(self, row: _Row, line: ChatLine) -> None:
        self._unname(row)
        row.login, row.name = line.login[:LONGEST], line.name[:LONGEST]
        self._enter(row)

    def _unname(self, row: _Row | PersonSeen) -> None:
        """Takes this viewer's names off the lists, unless somebody else has them by now."""
        shown = row.name.casefold()
        for names, key in ((self._by_login, row.login or shown), (self._by_name, shown)):
            if names.get(key) == row.user:
                del names[key]


class _Row:
    """A viewer in memory. `commands` and `played` are what the store knows, the new ones come on top."""

    __slots__ = (
        "commands", "first_ms", "is_whole", "last_ms", "level", "login", "name", "new_commands", "new_played",
        "opted_out", "played", "user",
    )  # fmt: skip

    def __init__(
        self, user: str, login: str, name: str, first_ms: float, last_ms: float,
        commands: int = 0, played: int = 0,
    ) -> None:  # fmt: skip
        self.user = user
        self.login = login
        self.name = name
        self.level = Level.VIEWER
        self.commands = commands
        self.played = played
        self.new_commands = self.new_played = 0
        self.first_ms = first_ms
        self.last_ms = last_ms
        self.opted_out = False
        self.is_whole = True

    def as_person(self) -> Person:
        return Person(
            self.user, self.login, self.name, self.level,
            self.commands + self.new_commands, self.played + self.new_played,
            self.first_ms, self.last_ms, self.opted_out, self.is_whole,
        )  # fmt: skip

    def as_change(self) -> PersonSeen:
        """What is new; from here on it counts as known to the store."""
        commands, played = self.new_commands, self.new_played
        self.commands += commands
        self.played += played
        self.new_commands = self.new_played = 0
        return PersonSeen(self.user, self.login, self.name, commands, played, self.first_ms, self.last_ms)
