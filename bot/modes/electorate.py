"""Who takes part: everybody who voted in the last minutes. Quorums and windows are made to fit them. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

# Nine windows of the usual 20 s: whoever watches and votes now and then is still counted, and whoever left is
# not waited for any longer than a pause in the stream takes.
ACTIVE_MS: Final = 180_000.0
# As many as a ballot holds.
MOST_ACTIVE: Final = 100_000


class Electorate:
    """The users who voted less than `active_ms` ago, the most recent `most` of them."""

    def __init__(self, active_ms: float = ACTIVE_MS, most: int = MOST_ACTIVE) -> None:
        self._active_ms = active_ms
        self._most = most
        self._voted: OrderedDict[str, float] = OrderedDict()  # who voted last is last

    def __len__(self) -> int:
        return len(self._voted)

    def voted(self, user: str, now: float) -> None:
        """`user` takes part."""
        self._voted[user] = now
        self._voted.move_to_end(user)
        if len(self._voted) > self._most:
            self._voted.popitem(last=False)

    def gone(self, user: str) -> None:
        """`user` takes part no more."""
        self._voted.pop(user, None)

    def handle_timeout(self, now: float) -> None:
        """Forgets who has not voted for too long."""
        while self._voted and next(iter(self._voted.values())) + self._active_ms <= now:
            self._voted.popitem(last=False)
