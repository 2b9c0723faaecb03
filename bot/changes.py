"""What the bot must still know after a crash: one record per fact that changed. Cores make them, the store
writes them (bot.store).

Every time is milliseconds since 1970.
"""

from __future__ import annotations

from typing import NamedTuple


class PersonSeen(NamedTuple):
    """A viewer was here. `login` and `name` as last seen.

    The counts come on top of what was written before: so whoever writes them need not know the sum.
    """

    user: str
    login: str
    name: str
    commands: int
    played: int
    first_ms: float
    last_ms: float


class PersonForgotten(NamedTuple):
    """A viewer asked to be forgotten: all of it goes, and only the wish stays (`opted_out`) or goes too."""

    user: str
    opted_out: bool


class Restricted(NamedTuple):
    """Until `until_ms` (None: until released) this viewer may not use `word`; the word "" is all of them."""

    user: str
    word: str
    until_ms: float | None


class Released(NamedTuple):
    """No restriction of this viewer is left."""

    user: str


class MacroDefined(NamedTuple):
    """A moderator wrote a macro, or wrote it anew: `mash`, parameters `b n`, body `[<b>34ms #34ms]*<n>`."""

    name: str
    parameters: tuple[str, ...]
    body: str


class MacroRemoved(NamedTuple):
    """A moderator took a macro away."""

    name: str


class SettingChanged(NamedTuple):
    """What moderators and chat set: `game`, `mode`, `pinned`, `paused`, `locked`. None: as configured."""

    key: str
    value: str | None


Change = PersonSeen | PersonForgotten | Restricted | Released | MacroDefined | MacroRemoved | SettingChanged
