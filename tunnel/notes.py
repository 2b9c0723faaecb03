"""Small messages that wait to leave, best effort: the newest push out the oldest."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from tunnel.messages import MAX_NOTE, NOTE_BASE, NOTE_KINDS, pack_item

_MAX_WAITING: Final = 64


class Notes:
    """What was shed is counted in `counters`."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._waiting: deque[bytes] = deque(maxlen=_MAX_WAITING)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, kind: int, body: bytes) -> None:
        """Raises ValueError for a kind that there is not, or a body that is too long."""
        if kind not in NOTE_KINDS or len(body) > MAX_NOTE:
            raise ValueError(f"a note has a kind of 0 to {len(NOTE_KINDS) - 1} and at most {MAX_NOTE} bytes")
        if len(self._waiting) == _MAX_WAITING:
            self._counters["notes shed"] += 1
        self._waiting.append(pack_item(NOTE_BASE + kind, body))

    def take(self) -> list[bytes]:
        """All that wait, packed, the oldest first."""
        notes = list(self._waiting)
        self._waiting.clear()
        return notes
