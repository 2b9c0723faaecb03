"""Work with files that may take for ever: off the loop, with a deadline, one piece at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tunnel.links.portmapper import in_thread
from tunnel.rendezvous.place import PlaceError

T = TypeVar("T")


class Errands:
    """`what` does not answer if a piece of work takes too long: the beginning of a sentence.

    Nobody can end a thread that hangs in a disk of another machine. So as long as one does no other is begun,
    and what it finds after all goes to nobody.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._busy = False

    @property
    def is_busy(self) -> bool:
        """Whether a thread is at work, perhaps for ever."""
        return self._busy

    async def run(self, work: Callable[[], T], patience_s: float) -> T:
        """What `work` returns or raises, in a thread. PlaceError if it takes too long, or the last
        still does."""
        if self._busy:
            raise PlaceError(f"{self._what} still does not answer.")

        def errand() -> T:
            try:
                return work()
            finally:
                self._busy = False

        self._busy = True
        try:
            async with asyncio.timeout(patience_s):
                return await in_thread(errand)
        except TimeoutError as error:
            raise PlaceError(f"{self._what} does not answer.") from error
