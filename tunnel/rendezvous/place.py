"""The one small protocol every meeting place speaks: a pigeonhole for each end, where a letter can lie.

A letter is sealed before it comes here and opened after it has left (letter.py). So a place may be anything
that two machines can both reach: a folder that is synchronised, a web store, the BitTorrent DHT, two people
on the phone. It may lose letters, bring old ones, bring strangers' or the same one a thousand times.

A new kind of place is one new file beside this one and one line in places.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol, runtime_checkable

# A BEP-44 item holds 1,000 bytes with its bencoding; whoever has more room has no more to say.
MAX_LETTER: Final = 960


class PlaceError(Exception):
    """The place does not work now. The text is one sentence for a person."""


class Hole(NamedTuple):
    """Where one end's letters lie on one day. The two ends derive the same ones; nobody else can.

    name  16 bytes that say nothing: a file's or record's name is their hex
    seed  32 bytes: the secret of whatever key the place wants writers to sign with (Ed25519, BEP 44)
    """

    name: bytes
    seed: bytes


class Holes(Protocol):
    """The pigeonholes by the system's date, milliseconds since 1970 (WallClock.date). They change daily."""

    def own(self, date: float) -> Hole:
        """Where our letter belongs."""

    def peer(self, date: float) -> tuple[Hole, ...]:
        """Where the other end's may lie: today's, and near midnight the neighbour day's too."""


class Place(Protocol):
    """One meeting place.

    Law of use: `run` once at a time; `post` at any time; cancelling `run` ends it. What came and was dropped
    is counted in `counters`, by reason.

    name  what people call it, such as "folder /mnt/shared" or "the BitTorrent DHT"
    """

    counters: Counter[str]

    @property
    def name(self) -> str:
        """See above."""

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> None:
        """Calls `on_up` once it works, and `on_letter` for whatever lies in the other end's hole and is new.

        Both are called on the loop and must not wait or raise. What is handed over is at most MAX_LETTER
        bytes. Ends only by raising: PlaceError, or the cancellation of the caller.
        """

    def post(self, letter: bytes) -> None:
        """What shall lie in our own hole from now on, instead of what lay there. Never waits.

        The place keeps it there for as long as `run` runs: it moves it to the next day's hole, and puts it
        there again where things expire. Raises ValueError for more than MAX_LETTER bytes.
        """


@runtime_checkable
class Patient(Protocol):
    """What a place has besides, if every look into it costs its owner something."""

    def set_connected(self, connected: bool) -> None:
        """Whether the two ends have each other, so that nobody waits for a letter. Never waits."""
