"""A folder as a meeting place: one that both machines see, or one that people carry letters to and from."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, Never, Protocol

from tunnel.links.portmapper import in_thread
from tunnel.rendezvous.files import Files
from tunnel.rendezvous.place import MAX_LETTER, Holes, PlaceError
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
    """Which files are whose, at a time in ms since 1970."""

    def own(self, now: float) -> str:
        """Where our letter lies."""

    def peer(self, now: float) -> tuple[str, ...]:
        """Where the other end's may lie."""

    def old(self, now: float) -> tuple[str, ...]:
        """Where letters of ours may have been left."""


class HoleNames:
    """A file for each hole, which nobody else can tell from others or from those of other days."""

    def __init__(self, holes: Holes) -> None:
        self._holes = holes

    def own(self, now: float) -> str:
        """See Names."""
        return f"{self._holes.own(now).name.hex()}.letter"

    def peer(self, now: float) -> tuple[str, ...]:
        """See Names."""
        return tuple(f"{hole.name.hex()}.letter" for hole in self._holes.peer(now))

    def old(self, now: float) -> tuple[str, ...]:
        """See Names."""
        return tuple(self.own(now - back * DAY_MS) for back in range(1, _CLEARED_DAYS + 1))


class HandNames:
    """Two files that people find: `own.letter` to carry away, `peer.letter` for what they bring."""

    def own(self, now: float) -> str:
        """See Names."""
        return OWN_LETTER

    def peer(self, now: float) -> tuple[str, ...]:
        """See Names."""
        return (PEER_LETTER,)

    def old(self, now: float) -> tuple[str, ...]:
        """See Names."""
        return ()


class FolderPlace:
    """A folder as a Place (see place.py). It is looked into once a second, in a thread: disks may be slow."""

    def __init__(self, folder: Path, names: Names, clock: WallClock, *, name: str | None = None) -> None:
        self.counters: Counter[str] = Counter()
        self.name = name or f"folder {folder}"
        self._folder = folder
        self._names = names
        self._clock = clock
        self._files = Files(folder, self.counters)
        self._letter: bytes | None = None
        self._lies: tuple[str, bytes] | None = None  # the file that we wrote last, and what
        self._posted = asyncio.Event()
        self._busy = False  # a thread is looking, perhaps for ever

    async def run(self, on_up: Callable[[], None], on_letter: Callable[[bytes], None]) -> Never:
        """See Place.run."""
        is_up = False
        if not self._busy:  # what a thread has found after we gave up on it was never handed over
            self._files, self._lies = Files(self._folder, self.counters), None
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
        if self._busy:
            raise PlaceError(f"The folder {self._folder} still does not answer.")
        now, letter = self._clock.now(), self._letter

        def work() -> list[bytes]:
            try:
                return self._work(letter, now)
            finally:
                self._busy = False

        self._busy = True
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await in_thread(work)
        except TimeoutError as error:
            raise PlaceError(f"The folder {self._folder} does not answer.") from error

    def _work(self, letter: bytes | None, now: float) -> list[bytes]:
        """In the thread, one at a time."""
        name = self._names.own(now)
        if self._lies is None or self._lies[0] != name:
            self._files.make_folder()
            self._files.remove(self._names.old(now))
        if letter is not None and (self._lies != (name, letter) or not self._files.has(name)):
            self._files.make_folder()
            self._files.write(name, letter)
        self._lies = (name, letter or b"")
        return self._files.news(self._names.peer(now))


def by_hand(folder: Path, clock: WallClock) -> FolderPlace:
    """The folder beside a configuration, for letters that people carry."""
    return FolderPlace(folder, HandNames(), clock, name=f"by hand, {folder}")
