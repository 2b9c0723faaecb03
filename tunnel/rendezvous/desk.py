"""One meeting place of a board: what is posted and read there, and how it fares. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tunnel.rendezvous.place import Place, PlaceError

# A server that lets us in and fails at once has failed again; after this long it starts afresh.
_STEADY_MS: Final = 60_000.0


@dataclass(frozen=True, slots=True)
class PlaceReport:
    """One meeting place, for people.

    state    "connecting", "working" or "waiting" (to try again)
    why      while it does not work: what was in the way last, in a sentence
    posted   letters of ours that it was given;  read  letters of the other end that came here first
    last_ms  when the last of those was read, in ms on the program's clock; None: none was
    """

    name: str
    state: str
    why: str | None
    posted: int
    read: int
    last_ms: float | None


class Desk:
    """`now` in milliseconds. `is_brief`: people carry what is posted here, so it says only what matters."""

    def __init__(self, place: Place, *, is_brief: bool = False) -> None:
        self.place = place
        self.is_brief = is_brief
        self.failures = 0  # in a row
        self._state = "connecting"
        self._up_since = float("inf")
        self._why: str | None = None
        self._mistake: str | None = None
        self._posted = 0
        self._read = 0
        self._last_ms: float | None = None

    def post(self, letter: bytes) -> None:
        """See Place.post."""
        self._posted += 1
        self.place.post(letter)

    def read(self, now: float) -> None:
        """What came from it was news."""
        self._read += 1
        self._last_ms = now

    def begins(self) -> None:
        """It is tried."""
        self._state = "connecting"

    def went_up(self, now: float) -> None:
        """It works."""
        self._state, self._up_since = "working", now

    def failed(self, error: PlaceError, now: float) -> bool:
        """It does not. Returns whether anybody has to be told: not of the same thing twice in a row."""
        steady = now - self._up_since >= _STEADY_MS
        is_news = steady or self._why != str(error)
        self.failures = 1 if steady else self.failures + 1
        self._state, self._why, self._up_since = "waiting", str(error), float("inf")
        return is_news

    def stumbled(self, error: Exception) -> bool:
        """This program made a mistake there. Returns whether it has to be logged, as above."""
        before, self._mistake = self._mistake, repr(error)
        return self._mistake != before

    def report(self) -> PlaceReport:
        """How it stands."""
        why = None if self._state == "working" else self._why
        return PlaceReport(self.place.name, self._state, why, self._posted, self._read, self._last_ms)
