"""Takes back what must not be played any more, wherever it is on its way: in the mode, in the queue to the
tunnel, at the receiver. Nobody else reaches into these three to take back something. Pure.
"""

from __future__ import annotations

from bot.modes.council import Council
from bot.sending.dispatch import Dispatch
from config.controllers import Move


class Recall:
    """What waits is dropped and counted as cancelled; what is held is let go of."""

    def __init__(self, council: Council, dispatch: Dispatch) -> None:
        self._council = council
        self._dispatch = dispatch

    def user(self, user: str, now: float) -> None:
        """Banned, timed out or silenced: whatever is theirs, and their turn, team and vote."""
        self._council.gone(user)
        self._council.take_back(lambda line: line.user == user)
        self._dispatch.take_back(lambda owner, _: owner.user == user, now)

    def message(self, message: str, now: float) -> None:
        """Deleted: whatever it asked for, as a line or as what somebody spent."""
        self._council.take_back(lambda line: line.id == message)
        self._dispatch.take_back(lambda owner, _: owner.message == message, now)

    def moves(self, moves: frozenset[Move], now: float) -> None:
        """Locked: whatever presses any of them, whoever it is for."""
        self._council.take_back_moves(moves)
        self._dispatch.take_back(lambda _, pressed: not moves.isdisjoint(pressed), now)

    def word(self, user: str, moves: frozenset[Move], now: float) -> None:
        """Taken from one viewer: whatever of theirs presses all of `moves`, which is what the word means."""
        self._council.take_back_word(user, moves)
        self._dispatch.take_back(lambda owner, pressed: owner.user == user and moves <= pressed, now)

    def everything(self) -> None:
        """Whoever it belongs to, whether this program sent it or the one before it."""
        self._council.take_back_all()
        self._dispatch.take_back_all()
