"""Who somebody is in a channel, as one order: whoever is higher may do whatever the lower ones may.

Who follows a channel is no level: neither way into the chat tells it with a line.
"""

from __future__ import annotations

import enum


class Level(enum.IntEnum):
    """A person's standing. Files and chat write the name in small letters: `vip`."""

    VIEWER = 0
    SUBSCRIBER = 10
    VIP = 20
    MODERATOR = 30
    BROADCASTER = 40

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


LEVEL_OF = {level.word: level for level in Level}
