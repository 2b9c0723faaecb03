"""When the lines of a recording are due again. Pure."""

from __future__ import annotations

# What a line without a time waits after the one before it.
UNTIMED_GAP_MS = 1_000
# No pause is longer, whatever the dates say: a recording that was stopped overnight goes on after ten
# minutes, and a broken date cannot hold it up for a thousand years.
LONGEST_GAP_MS = 600_000


class Pace:
    """Turns recorded times into moments of the replay, at `speed` times the real one; 0 is all at once."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._started = False
        self._latest_ms: int | None = None
        self._elapsed_ms = 0.0

    def due_ms(self, at_ms: int | None) -> float:
        """Milliseconds from the first line to the next one, recorded at `at_ms`. Never decreases."""
        gap_ms = self._gap_ms(at_ms)
        if self._started and self._speed > 0:
            self._elapsed_ms += gap_ms / self._speed
        self._started = True
        return self._elapsed_ms

    def _gap_ms(self, at_ms: int | None) -> int:
        latest_ms = self._latest_ms
        if latest_ms is None:
            self._latest_ms = at_ms
            return UNTIMED_GAP_MS
        if at_ms is None:
            self._latest_ms = latest_ms + UNTIMED_GAP_MS
            return UNTIMED_GAP_MS
        if latest_ms - LONGEST_GAP_MS < at_ms < latest_ms:
            return 0  # two lines that changed places: time goes on from the later one
        self._latest_ms = at_ms
        return min(max(0, at_ms - latest_ms), LONGEST_GAP_MS)
