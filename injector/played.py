"""Which sequences were taken in lately: the tunnel delivers each once, and this shows if it did not. Pure.

A ring of ids, each in the place its last bits name, and all of it there from the start: remembering costs no
allocation, and the millionth sequence finds as much memory in use as the first. A dictionary that forgets its
oldest key grows for as long as it fills, is copied again and again, and searches its own gaps for that key.
"""

from __future__ import annotations

from array import array
from typing import Final

from tunnel.frame import SequenceId

# As many as the tunnel remembers: six seconds at 10,000 sequences a second. Half a megabyte. A power of two,
# so that ids, which count modulo 2^32, stay evenly spread when they begin anew.
MEMORY: Final = 1 << 16
_NOBODY: Final = -1


class Played:
    """`id in played` after `played.add(id)`, until an id comes that is a multiple of MEMORY away from it.

    Ids are given out in a row, so these are the last MEMORY of them.
    """

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids = array("q", [_NOBODY]) * MEMORY

    def __contains__(self, id: SequenceId) -> bool:
        return self._ids[id % MEMORY] == id

    def add(self, id: SequenceId) -> None:
        """Remembers this one, and forgets the one in its place."""
        self._ids[id % MEMORY] = id
