"""May anything be played now, and when is the device tried again. Pure; times are milliseconds.

The device's life is this table; a move that is not in it is a mistake of the caller's.

    CLOSED --TRY--> OPENING --OPENED--> OPEN --FAILED--> CLOSED
                       `------FAILED-----------------------^

After a failure the device is tried again after 250 ms, then twice as long each time up to 10 s; one that
worked for that long starts over at 250 ms. A panic is beside the table: it outlives any failure, until
somebody resumes.
"""

from __future__ import annotations

import enum
from typing import Final

# Short enough that a viewer hardly notices one hiccup, long enough not to spin on a driver that is gone.
FIRST_RETRY_MS: Final = 250.0
# The receiver's owner has just started the driver again and waits: more than ten seconds would feel broken.
LONGEST_RETRY_MS: Final = 10_000.0


class DeviceState(enum.Enum):
    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"


class DeviceMove(enum.Enum):
    TRY = "try"
    OPENED = "opened"
    FAILED = "failed"


MOVES: Final = {
    (DeviceState.CLOSED, DeviceMove.TRY): DeviceState.OPENING,
    (DeviceState.OPENING, DeviceMove.OPENED): DeviceState.OPEN,
    (DeviceState.OPENING, DeviceMove.FAILED): DeviceState.CLOSED,
    (DeviceState.OPEN, DeviceMove.FAILED): DeviceState.CLOSED,
}


class Neutral(enum.Enum):
    """Why every pad went to rest."""

    SILENCE = "the bot is silent"
    RESTART = "the bot was started anew"
    DEVICE = "the device failed"
    PANIC = "somebody pulled the emergency brake"
    STOP = "the receiver stops"


class Guard:
    """Begins with the device closed and due to be tried at once."""

    def __init__(self, now: float) -> None:
        self.state = DeviceState.CLOSED
        self.panicked = False
        self._retry_at: float | None = now
        self._delay_ms = FIRST_RETRY_MS
        self._opened_at = now

    @property
    def may_play(self) -> bool:
        return self.state is DeviceState.OPEN and not self.panicked

    def move(self, move: DeviceMove, now: float) -> None:
        """What happened to the device. Raises ValueError for what cannot happen in this state."""
        state = MOVES.get((self.state, move))
        if state is None:
            raise ValueError(f"a device that is {self.state.value} cannot have {move.value!r} happen to it")
        if move is DeviceMove.FAILED:
            self._plan_retry(now)
        else:
            self._retry_at = None
            self._opened_at = now
        self.state = state

    def next_timeout(self) -> float | None:
        """When the device is to be tried (again)."""
        return self._retry_at

    def _plan_retry(self, now: float) -> None:
        if self.state is DeviceState.OPEN and now - self._opened_at >= LONGEST_RETRY_MS:
            self._delay_ms = FIRST_RETRY_MS
        self._retry_at = now + self._delay_ms
        self._delay_ms = min(2 * self._delay_ms, LONGEST_RETRY_MS)
