"""A folder as a meeting place: one that both machines see, or one that people carry letters to and from."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Never, Protocol

from tunnel.rendezvous.errands import Errands
from tunnel.rendezvous.files import Files
from tunnel.rendezvous.place import MAX_LETTER, Holes
from tunnel.room import DAY_MS
from tunnel.wallclock import WallClock

OWN_LETTER: Final = "own.letter"
PEER_LETTER: Final = "peer.letter"

_LOOK_S: Final = 1.0
# A folder may be on a machine that has just gone to sleep: a disk that starts turning needs this long.
_PATIENCE_S: Final = 10.0
# Ours of the days before today are taken away, as far back as somebody leaves a program off over a holiday.
_CLEARED_DAYS: Final = 14


class Names(Protocol):
    """Which files are whose, at a date in ms since 1970. Asked on the loop only."""

    def own(self, date: float) -> str:
        """Where our letter lies."""

    def peer(self, date: float) -> tuple[str, ...]:
        """Where the other end's may lie."""

    def old(self, date: float) -> tuple[str, ...]:
        """Where letters of ours may have been left."""


class HoleNames:
    """A file for each hole, which nobody else can tell from others or from those of other days."""

    def __init__(self, holes: Holes) -> None:
        self._holes = holes

    def own(self, date: float) -> str:
        """See Names."""
        return f"{self._holes.own(date).name.hex()}.letter"

    def peer(self, date: float) -> tuple[str, ...]:
        """See Names."""
        return tuple(f"{hole.name.hex()}.letter" for hole in self._holes.peer(date))

    def old(self, date: float) -> tuple[str, ...]:
        """See Names."""
        return tuple(self.own(date - back * DAY_MS) for back in range(1, _CLEARED_DAYS + 1))


class HandNames:
    """Two files that people find: `own.letter` to carry away, `peer.letter` for what they bring."""

    def own(self, date: float) -> str:
        """See Names."""
        return OWN_LETTER

    def peer(self, date: float) -> tuple[str, ...]:
        """See Names."""
        return (PEER_LETTER,)

    def old(self, date: float) -> tuple[str, ...]:
        """See Names."""
        return ()


class _Errand(NamedTuple):
    """What to do in the folder: put our letter there, take old ones away, read theirs."""

    own: str
    letter: bytes | None
    peer: tuple[str, ...]
    old: tuple[str, ...]


class FolderPlace:
    """A folder as a Place (see place.py). It is looked into once a second, in a thread: disks may be slow."""

    def __init__(self, folder: Path, names: Names, clock: WallClock, *, name: str | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self.name = name or f"folder {folder}"
        self._folder = folder
        self._names = names
        self._clock = clock
        self._letter: bytes | None = None
        self._posted = asyncio.Event()
        # A thread may be in the folder, perhaps for ever. Until it is out again, these three are its own.
        self._errands = Errands(f"The folder {folder}")
        self._counted: Counter[str] = Counter()
        self._files = Files(folder, self._counted)
        self._lies: tuple[str, bytes] | None = None  # the file that was written last, and what

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> Never:
        """See Place.run."""
        is_up = False
        if not self._errands.is_busy:  # what a thread has found after we gave up on it was never handed over
            self._files, self._lies = Files(self._folder, self._counted), None
        while True:
            self._posted.clear()
            for letter in await self._exchange():
                on_letter(letter)
            if not is_up:
                is_up = True
                on_up()
            try:
                async with asyncio.timeout(_LOOK_S):
                    await self._posted.wait()
            except TimeoutError:
                pass  # time for another look

    def post(self, letter: bytes) -> None:
        """See Place.post."""
        if len(letter) > MAX_LETTER:
            raise ValueError(f"a letter has at most {MAX_LETTER} bytes, not {len(letter)}")
        self._letter = letter
        self._posted.set()

    async def _exchange(self) -> list[bytes]:
        """Our letter in, theirs out, unless a thread is still stuck in the folder."""
        date = self._clock.date()
        own = self._names.own(date)
        is_new = self._lies is None or self._lies[0] != own
        old = self._names.old(date) if is_new else ()
        errand = _Errand(own, self._letter, self._names.peer(date), old)
        try:
            return await self._errands.run(lambda: self._work(errand), _PATIENCE_S)
        finally:
            if not self._errands.is_busy:
                self.counters.update(self._counted)
                self._counted.clear()

    def _work(self, errand: _Errand) -> list[bytes]:
        """In the thread."""
        name, letter, peer, old = errand
        if self._lies is None or self._lies[0] != name:
            self._files.make_folder()
            self._files.remove(old)
        if letter is not None and (self._lies != (name, letter) or not self._files.has(name)):
            self._files.make_folder()
            self._files.write(name, letter)
        self._lies = (name, letter or b"")
        return self._files.news(peer)


def by_hand(folder: Path, clock: WallClock) -> FolderPlace:
    """The folder beside a configuration, for letters that people carry."""
    return FolderPlace(folder, HandNames(), clock, name=f"by hand, {folder}")
