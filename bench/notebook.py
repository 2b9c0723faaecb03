"""One moment for each sequence, noted by its id."""

from __future__ import annotations

from array import array
from typing import Final

# Two minutes at 1,000 a second; 1 MiB.
MOST: Final = 131_072


class Notebook:
    """All its memory is taken when it is made: a program whose memory is watched may keep one.

    What has no room is not noted. 0 is no moment.
    """

    def __init__(self, most: int = MOST) -> None:
        self._moments = array("d", bytes(8 * (most + 1)))  # ids count from 1

    def note(self, id: int, moment: float) -> None:
        """A later note takes the place of an earlier one."""
        if 0 < id < len(self._moments):
            self._moments[id] = moment

    def read(self) -> dict[int, float]:
        """The moments by id, in the order of the ids."""
        return {id: moment for id, moment in enumerate(self._moments) if moment}
